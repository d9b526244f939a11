//! Builds guests so that the same sources give the same bytes in every checkout.

use std::{ffi::OsStr, fs};

use anyhow::{Context as _, Result};

use super::{GUESTS, toolchain::Toolchain};
use crate::{cargo, command, workspace};

/// What is built for which target; the second as what standard libraries of other languages are: guests that import WASI.
const BUILDS: [(&str, &[&str], &str); 2] =
    [("wasm32-unknown-unknown", &GUESTS, ""), ("wasm32-wasip1", &["hostile"], "-wasi")];

/// A built guest.
#[derive(Debug, Clone)]
pub(super) struct Module {
    /// File name in `wasm-guests/prebuilt`.
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
}

/// Builds every guest.
///
/// # Errors
///
/// When one does not compile.
pub(super) fn all(toolchain: &Toolchain) -> Result<Vec<Module>> {
    let modules = BUILDS.map(|(target, guests, suffix)| build(toolchain, target, guests, suffix));
    Ok(modules.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

/// Builds these guests for a target; their files are named by the guest and `suffix`.
fn build(
    toolchain: &Toolchain,
    platform: &str,
    guests: &[&str],
    suffix: &str,
) -> Result<Vec<Module>> {
    let target = workspace::root().join("target/guests");
    let mut build = cargo::cargo();
    // Cargo separates flags by the unit separator, since paths may have blanks.
    let flags = cargo::same_anywhere()?.join(OsStr::new("\x1f"));
    build.args(["build", "--locked", "--profile", "guest", "--target", platform]);
    build.args(guests.iter().flat_map(|guest| ["--package", guest]));
    build.env("CARGO_TARGET_DIR", &target).env("CARGO_ENCODED_RUSTFLAGS", flags);
    build.env_remove("RUSTFLAGS").env_remove("RUSTC_WRAPPER").env_remove("RUSTC_WORKSPACE_WRAPPER");
    build.envs(toolchain.env.iter().cloned());
    command::show(&mut build)?;
    let module = |guest: &&str| {
        let made = target.join(platform).join("guest").join(guest.replace('-', "_"));
        let path = made.with_extension("wasm");
        let bytes = fs::read(&path).with_context(|| format!("cargo left no {}", path.display()))?;
        Ok(Module { file: format!("{guest}{suffix}.wasm"), bytes })
    };
    guests.iter().map(module).collect()
}

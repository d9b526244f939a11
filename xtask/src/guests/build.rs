//! Builds guests so that the same sources give the same bytes in every checkout.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{GUESTS, toolchain::Toolchain};
use crate::{cargo, command, workspace};

const TARGET: &str = "wasm32-unknown-unknown";

/// A built guest.
#[derive(Debug)]
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
    let target = workspace::root().join("target/guests");
    let mut build = cargo::cargo();
    build.args(["build", "--locked", "--profile", "guest", "--target", TARGET]);
    build.args(GUESTS.iter().flat_map(|guest| ["--package", guest]));
    build.env("CARGO_TARGET_DIR", &target).env("CARGO_ENCODED_RUSTFLAGS", flags()?);
    build.env_remove("RUSTFLAGS").env_remove("RUSTC_WRAPPER").env_remove("RUSTC_WORKSPACE_WRAPPER");
    build.envs(toolchain.env.iter().cloned());
    command::show(&mut build)?;
    let module = |guest: &&str| {
        let path =
            target.join(TARGET).join("guest").join(guest.replace('-', "_")).with_extension("wasm");
        let bytes = fs::read(&path).with_context(|| format!("cargo left no {}", path.display()))?;
        Ok(Module { file: format!("{guest}.wasm"), bytes })
    };
    GUESTS.iter().map(module).collect()
}

/// Paths of this machine would end up in panic messages.
fn flags() -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let home = home.context("neither CARGO_HOME nor HOME is set")?;
    let remap = |from: &Path, to| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec![remap(&home, "cargo"), remap(workspace::root(), ".")];
    // The folder of a registry is named after its host, which differs where a mirror is used. The last match counts.
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    flags.extend(registries.map(|registry| remap(&registry.path(), "registry")));
    Ok(flags.join("\u{1f}"))
}

//! Finds a Rust compiler with a standard library for WebAssembly, without WASI and with it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::Source;
use crate::{command, debian_rust::DebianRust};

const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip1"];

/// What to say where there is none.
pub(super) const MISSING: &str = "no compiler for wasm32-unknown-unknown and wasm32-wasip1 here: run rustup target add wasm32-unknown-unknown wasm32-wasip1, \
     or on Debian cargo xtask guests --toolchain debian";

/// A compiler and its linker.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// One line of the compiler, one of the linker: together they decide the bytes.
    pub(super) version: String,
    /// What makes cargo use them.
    pub(super) env: Vec<(&'static str, OsString)>,
}

/// The wanted toolchain, or the first there is.
///
/// # Errors
///
/// When a toolchain was asked for by name and cannot be had.
pub(super) fn find(wanted: Option<Source>) -> Result<Option<Toolchain>> {
    let rustc = PathBuf::from("rustc");
    match wanted {
        Some(Source::Rustup) if !has_targets(&rustc) => {
            bail!("rustc lacks a target: rustup target add wasm32-unknown-unknown wasm32-wasip1")
        }
        Some(Source::Debian) => toolchain(&DebianRust::WASM.install()?).map(Some),
        Some(Source::Rustup) | None if has_targets(&rustc) => toolchain(&rustc).map(Some),
        _ => DebianRust::WASM.installed()?.map(|rustc| toolchain(&rustc)).transpose(),
    }
}

fn has_targets(rustc: &Path) -> bool {
    TARGETS.iter().all(|target| {
        let folder = ["--print", "target-libdir", "--target", target];
        command::output(Command::new(rustc).args(folder))
            .is_ok_and(|folder| Path::new(&folder).is_dir())
    })
}

/// The compiler at `rustc`, with the linker of the Rust in use: Debian's packages have none.
fn toolchain(rustc: &Path) -> Result<Toolchain> {
    let sysroot = command::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let verbose = command::output(Command::new("rustc").arg("-vV"))?;
    let host = verbose
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not name its host")?;
    let linker = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
    let compiler = command::output(Command::new(rustc).arg("--version"))?;
    let linked_by = command::output(Command::new(&linker).args(["-flavor", "wasm", "--version"]))?;
    let env = vec![
        ("RUSTC", rustc.into()),
        ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker.clone().into()),
        ("CARGO_TARGET_WASM32_WASIP1_LINKER", linker.into()),
    ];
    Ok(Toolchain { version: format!("{compiler}\n{linked_by}"), env })
}

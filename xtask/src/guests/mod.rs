//! `cargo xtask guests`: builds the guests of `wasm-guests/` and keeps `wasm-guests/prebuilt/`.
//!
//! The modules are checked in, so that nobody needs a WebAssembly toolchain to build or test the plugin. They are
//! rebuilt bit for bit by the compiler that `prebuilt/TOOLCHAIN` records; any other compiler gives other bytes, which
//! proves nothing, so it is not compared but said.

mod build;
mod prebuilt;
mod toolchain;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::{cargo, command};
use toolchain::Toolchain;

/// Packages under `wasm-guests/` that are guests.
const GUESTS: [&str; 3] = ["by-node", "csv", "hostile"];

/// Arguments of `cargo xtask guests`.
#[derive(Debug, Args)]
pub(crate) struct GuestsArgs {
    /// Only compare; change nothing.
    #[arg(long)]
    check: bool,
    /// Which compiler; without it rustup's, else the one of Debian that is in the cache already.
    #[arg(long, value_enum)]
    toolchain: Option<Source>,
}

/// Where the compiler comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// The rustc in use, if its targets wasm32-unknown-unknown and wasm32-wasip1 are installed.
    Rustup,
    /// Debian's, unpacked into the cache (260 MB are downloaded once).
    Debian,
}

/// Rebuilds the guests, or compares them.
///
/// # Errors
///
/// When a guest does not build, or differs from what is checked in.
pub(crate) fn run(args: &GuestsArgs) -> Result<()> {
    if args.check {
        prebuilt::verify_sums()?;
        eprintln!("prebuilt guests: every file has its recorded SHA-256");
    }
    let Some(toolchain) = toolchain::find(args.toolchain)? else {
        if args.check {
            eprintln!("prebuilt guests: not rebuilt, {}", toolchain::MISSING);
            return Ok(());
        }
        anyhow::bail!("cannot build guests, {}", toolchain::MISSING);
    };
    if args.check {
        return compare(&toolchain).map(drop);
    }
    // The bindings are part of what the guests are made of.
    let mut bindings = cargo::cargo();
    bindings.args(["test", "--quiet", "--package", "kpods-guest", "--test", "bindings"]);
    command::run(bindings.env("UPDATE_BINDINGS", "1"))?;
    let modules = build::all(&toolchain)?;
    prebuilt::write(&modules, &toolchain.version)?;
    eprintln!("prebuilt guests: written, built by {}", toolchain.version.replace('\n', ", "));
    Ok(())
}

/// What CI does: as `cargo xtask guests --check`, with the compiler that is recorded, which it fetches if this machine
/// can have it. Says why the guests were not compared byte by byte, when they were not.
///
/// # Errors
///
/// When what is checked in is not what it should be.
pub(crate) fn check() -> Result<Option<String>> {
    prebuilt::verify_sums()?;
    let toolchain = toolchain::find(None)?;
    let recorded = prebuilt::toolchain()?;
    let toolchain = match toolchain {
        Some(toolchain) if toolchain.version == recorded => toolchain,
        found => match toolchain::find(Some(Source::Debian)) {
            Ok(debian) => debian.context("a toolchain that was asked for by name is found")?,
            Err(error) => {
                found.as_ref().map(build::all).transpose()?;
                let warning = format!(
                    "guests NOT compared byte by byte: no recorded compiler here: {error:#}"
                );
                eprintln!("warning: {warning}");
                return Ok(Some(warning));
            }
        },
    };
    compare(&toolchain)
}

/// Rebuilds and compares; with another compiler than the recorded one only rebuilds, and says so.
fn compare(toolchain: &Toolchain) -> Result<Option<String>> {
    let recorded = prebuilt::toolchain()?;
    // That they still build is worth knowing with any compiler.
    let modules = build::all(toolchain)?;
    if recorded != toolchain.version {
        let one_line = |text: &str| text.replace('\n', ", ");
        let warning = format!(
            "guests NOT compared byte by byte: they were built by {}, here is {}",
            one_line(&recorded),
            one_line(&toolchain.version),
        );
        eprintln!("warning: {warning}");
        return Ok(Some(warning));
    }
    prebuilt::compare(&modules)?;
    eprintln!("prebuilt guests: rebuilt, the same bytes");
    Ok(None)
}

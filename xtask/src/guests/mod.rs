//! `cargo xtask guests`: builds the guests of `wasm-guests/` and keeps `wasm-guests/prebuilt/`.
//!
//! The modules are checked in, so that nobody needs a WebAssembly toolchain to build or test the plugin. They are
//! rebuilt bit for bit by the compiler that `prebuilt/TOOLCHAIN` records; any other compiler gives other bytes, which
//! proves nothing, so it is not compared but said.

mod build;
mod debian;
mod prebuilt;
mod toolchain;

use anyhow::Result;
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
    /// The rustc in use, if its target wasm32-unknown-unknown is installed.
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
        return compare(&toolchain);
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

/// What CI does: `cargo xtask guests --check`.
///
/// # Errors
///
/// When what is checked in is not what it should be.
pub(crate) fn check() -> Result<()> {
    run(&GuestsArgs { check: true, toolchain: None })
}

fn compare(toolchain: &Toolchain) -> Result<()> {
    let recorded = prebuilt::toolchain()?;
    if recorded != toolchain.version {
        eprintln!(
            "prebuilt guests: not compared byte by byte. They were built by {}, here is {}",
            recorded.replace('\n', ", "),
            toolchain.version.replace('\n', ", "),
        );
        // That they still build is worth knowing with any compiler.
        return build::all(toolchain).map(drop);
    }
    prebuilt::compare(&build::all(toolchain)?)?;
    eprintln!("prebuilt guests: rebuilt, the same bytes");
    Ok(())
}

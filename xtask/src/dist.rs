//! `cargo xtask dist`: what is handed to users, one file.

use std::path::PathBuf;

use anyhow::Result;
use oci::Architecture;

use crate::{
    cargo::{self, Part},
    image,
};

/// Arguments of `cargo xtask dist`.
#[derive(Debug, clap::Args)]
pub(crate) struct DistArgs {
    /// Folder to put kubectl-pods into
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
    /// What to put a probe in for, may be repeated: amd64, arm64; both when absent
    #[arg(long = "for", value_name = "ARCHITECTURE", value_parser = architecture)]
    architectures: Vec<Architecture>,
    /// Take the unoptimised build of the plugin (quicker to make)
    #[arg(long)]
    debug: bool,
}

/// Builds the plugin and the probe, and attaches one to the other.
///
/// # Errors
///
/// When one of them does not compile, or the folder cannot be written.
pub(crate) fn run(args: &DistArgs) -> Result<()> {
    let plugin = if args.debug { cargo::build(Part::Plugin)? } else { cargo::release()? };
    let all = || Architecture::ALL.to_vec();
    let architectures = Some(&args.architectures).filter(|named| !named.is_empty());
    let probes = image::carried(&architectures.cloned().unwrap_or_else(all))?;
    let path = image::attach(plugin.plugin()?, &probes, &args.out)?;
    println!("{}", path.display());
    for probe in probes {
        println!("  with the probe for {}: {} bytes", probe.architecture, probe.compressed.len());
    }
    Ok(())
}

fn architecture(text: &str) -> Result<Architecture, &'static str> {
    Architecture::named(text).ok_or("there is amd64 and arm64")
}

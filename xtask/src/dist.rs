//! `cargo xtask dist`: what is handed to users, one file.

use std::path::PathBuf;

use anyhow::Result;

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
    let probes = image::carried(&image::ARCHITECTURES)?;
    let path = image::attach(plugin.plugin()?, &probes, &args.out)?;
    println!("{}", path.display());
    for probe in probes {
        println!("  with the probe for {}: {} bytes", probe.architecture, probe.compressed.len());
    }
    Ok(())
}

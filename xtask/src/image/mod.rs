//! `cargo xtask image`: OCI archives without Docker.

mod oci;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum ImageVerb {
    /// Write images as OCI archives.
    Build,
}

pub(crate) fn run(_verb: ImageVerb) -> Result<()> {
    Ok(())
}

/// An image archive in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuiltImage {
    pub(crate) digest: String,
    pub(crate) path: PathBuf,
}

pub(crate) fn for_nodes(kubernetes: &Path) -> Result<Vec<BuiltImage>> {
    let mut files = oci::FileTree::default();
    files.add("pause", oci::Node::File(0o755, fs::read(kubernetes.join("pause"))?));
    let config = oci::ImageConfig {
        name: crate::cluster::PAUSE_IMAGE.to_owned(),
        title: "pause",
        version: "3.10".into(),
        licenses: "Apache-2.0",
        entrypoint: vec!["/pause".into()],
        user: "65535:65535",
        port: None,
    };
    let archive = oci::pack(&config, &files)?;
    let path = crate::workspace::cache()?.join("pause.tar");
    fs::write(&path, archive.bytes)?;
    Ok(vec![BuiltImage { digest: archive.digest, path }])
}

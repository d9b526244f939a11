//! `image`: the probe that this plugin carries, on its way to where a cluster finds it.
//!
//! - [`load`]: into a cluster on this machine, by what [`runtime`] finds.
//! - [`save`]: into a file.
//! - [`push`]: into a [`registry`], under a name that [`mod@reference`] reads, as whom [`credentials`] say when it asks ([`challenge`]).

mod challenge;
mod credentials;
mod load;
mod push;
mod reference;
mod registry;
mod runtime;
mod save;

use anyhow::Context as _;
use cluster::ConnectionOptions;

use crate::{
    cli::{ImageArgs, ImageVerb},
    exit::Exit,
};

/// Loads, saves or pushes the image of the probe that we carry.
///
/// # Errors
///
/// When we carry none, or the image cannot be brought to where it is to go.
pub async fn run(connection: &ConnectionOptions, args: &ImageArgs) -> anyhow::Result<Exit> {
    match &args.verb {
        ImageVerb::Load(args) => load::run(connection, args)?,
        ImageVerb::Save(args) => save::run(args)?,
        ImageVerb::Push(args) => push::run(args).await?,
    }
    Ok(Exit::Success)
}

/// The image of the probes that this program carries.
fn carried() -> anyhow::Result<oci::Image> {
    oci::probe(&crate::carried::probes()?).context("cannot make an image of the carried probe")
}

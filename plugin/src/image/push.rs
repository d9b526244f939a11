//! The probe's image into a registry.

use anyhow::Context as _;

use super::{carried, credentials, reference::Reference, registry::Registry};
use crate::{cli::PushArgs, output::Stdout};

/// Pushes what the registry does not have yet: blobs, what names them, and the tag last.
///
/// # Errors
///
/// When we carry no probe, or the registry does not take it.
pub(super) async fn run(args: &PushArgs) -> anyhow::Result<()> {
    let reference: Reference = args.image.parse()?;
    let image = carried()?;
    let credentials = credentials::find(&reference.registry)?;
    let what = || format!("cannot push to {reference}");
    let mut registry = Registry::new(&reference, args.insecure, credentials).with_context(what)?;
    for blob in &image.blobs {
        registry.push_blob(blob).await.with_context(what)?;
    }
    for manifest in &image.manifests {
        let is_top = manifest.digest == image.top().digest;
        let name = if is_top { &reference.tag } else { &manifest.digest };
        registry.push_manifest(name, manifest).await.with_context(what)?;
    }
    let digest = &image.top().digest;
    let mut stdout = Stdout::new();
    let told = format!(
        "image {reference} ({digest}) pushed\nto use it: --probe-image {reference}, or KUBECTL_PODS_PROBE_IMAGE\n"
    );
    stdout.write(told.as_bytes())?;
    stdout.flush()
}

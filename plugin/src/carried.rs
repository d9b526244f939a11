//! The probes that this program carries.

use anyhow::{Context as _, ensure};
use oci::Carried;

/// Those of each architecture; at least one.
///
/// # Errors
///
/// When there is none, with how to come by one; when they cannot be read.
pub(crate) fn probes() -> anyhow::Result<Vec<Carried>> {
    let carried = oci::carried::own().context("cannot read the probe that this program carries")?;
    ensure!(
        !carried.is_empty(),
        "this kubectl-pods carries no probe, because it was built by cargo alone: cargo xtask dist builds one that does"
    );
    Ok(carried)
}

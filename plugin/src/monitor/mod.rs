//! `monitor`: a probe that stays, repeats its checks and serves metrics.

use crate::{
    cli::{ConnectionArgs, MonitorArgs},
    exit::Exit,
};

/// Installs, shows or removes the standing probe.
///
/// # Errors
///
/// When the cluster cannot be asked or refuses.
pub async fn run(_connection: &ConnectionArgs, _args: &MonitorArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("monitor is not wired yet")
}

//! `check` and `curl`: targets become a plan, a probe Job runs it, its log becomes a report, the report a verdict.

mod creation;
mod diagnosis;
mod job;
mod listen;
mod lookout;
mod name;
mod plan;
mod ports;
mod resolve;
mod run;
mod signals;
mod stream;
mod target;

use crate::{
    cli::{CheckArgs, ConnectionArgs, CurlArgs},
    exit::Exit,
};

/// Checks targets from inside the cluster.
///
/// # Errors
///
/// When the cluster cannot be asked or a target is not understood.
pub async fn check(_connection: &ConnectionArgs, _args: &CheckArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("check is not wired yet")
}

/// Sends one request from inside the cluster.
///
/// # Errors
///
/// When the cluster cannot be asked or the target is not understood.
pub async fn curl(_connection: &ConnectionArgs, _args: &CurlArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("curl is not wired yet")
}

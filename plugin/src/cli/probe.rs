//! Where a probe runs and from which image: flags of every verb that sends one.

use std::time::Duration;

use super::{PodArgs, value::duration};

/// Where the image of this release is, unless told otherwise.
pub(crate) const DEFAULT_IMAGE: &str =
    concat!("docker.io/kubectl-pods/probe:", env!("CARGO_PKG_VERSION"));

/// Where the probe runs and what it is made of.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Probe")]
pub struct ProbeArgs {
    /// Check from this machine instead of from inside the cluster
    #[arg(long, conflicts_with = "PodArgs")]
    pub from_here: bool,
    /// Image of the probe
    #[arg(long, value_name = "IMAGE", env = "KUBECTL_PODS_PROBE_IMAGE", hide_env_values = true,
          default_value = DEFAULT_IMAGE)]
    pub probe_image: String,
    /// Image with a shell to carry the probe, where the probe's own image cannot be had
    #[arg(long, value_name = "IMAGE", conflicts_with = "from_here")]
    pub carrier: Option<String>,
    /// How long the cluster may take to start the probe
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub start_timeout: Duration,
    /// How long the cluster keeps a finished Job of ours if we were killed before we could delete it
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration, hide = true)]
    pub keep_finished: Duration,
    /// What the cluster is asked for.
    #[command(flatten)]
    pub pod: PodArgs,
}

//! `kubectl pods monitor …`.

use std::time::Duration;

use super::{
    AttemptArgs, PodArgs,
    probe::DEFAULT_IMAGE,
    value::{duration, interval, object_name},
};

/// What a standing probe is called unless told otherwise.
const DEFAULT_NAME: &str = "kubectl-pods-monitor";

/// Arguments of `monitor`.
#[derive(Debug, Clone, clap::Args)]
pub struct MonitorArgs {
    /// What to do with the standing probe.
    #[command(subcommand)]
    pub verb: MonitorVerb,
}

/// What to do with the standing probe.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum MonitorVerb {
    /// Put a standing probe on every node, or give the one that is there other targets
    #[command(after_help = "\
Exit codes:
  0  a probe is ready on every node
  1  wrong usage, the API server refused, or no probe is ready anywhere
  3  not everywhere: it stays, and nodes without a probe are named

Example:
  kubectl pods monitor install web svc/api:8080/healthz --every 10s")]
    Install(Box<InstallArgs>),
    /// Show what the standing probe sees
    #[command(after_help = "Example:\n  kubectl pods monitor status")]
    Status(StatusArgs),
    /// Remove the standing probe and everything that belongs to it
    #[command(after_help = "Example:\n  kubectl pods monitor uninstall --ignore-not-found")]
    Uninstall(UninstallArgs),
}

/// Arguments of `monitor install`.
#[derive(Debug, Clone, clap::Args)]
pub struct InstallArgs {
    /// Pod name, pod/NAME, svc/NAME, IP, host or URL; :PORT and /PATH may follow
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Time between two attempts at one target
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = interval)]
    pub every: Duration,
    /// Name of the standing probe
    #[arg(long, value_name = "NAME", default_value = DEFAULT_NAME, value_parser = object_name)]
    pub name: String,
    /// Image of the probe
    #[arg(long, value_name = "IMAGE", env = "KUBECTL_PODS_PROBE_IMAGE", hide_env_values = true,
          default_value = DEFAULT_IMAGE)]
    pub probe_image: String,
    /// Image with a shell to carry the probe, where the probe's own image cannot be had
    #[arg(long, value_name = "IMAGE")]
    pub carrier: Option<String>,
    /// How long the probes may take until all of them run
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub rollout_timeout: Duration,
    /// How to check.
    #[command(flatten)]
    pub attempt: AttemptArgs,
    /// What the cluster is asked for.
    #[command(flatten)]
    pub pod: PodArgs,
}

/// Arguments of `monitor status`.
#[derive(Debug, Clone, clap::Args)]
pub struct StatusArgs {
    /// Name of the standing probe
    #[arg(long, value_name = "NAME", default_value = DEFAULT_NAME, value_parser = object_name)]
    pub name: String,
    /// Output format: table or json
    #[arg(
        long,
        short,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub output: StatusFormat,
    /// Do not print headers
    #[arg(long)]
    pub no_headers: bool,
}

/// How the status is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StatusFormat {
    /// A line for each node and target
    Table,
    /// What every probe answered
    Json,
}

/// Arguments of `monitor uninstall`.
#[derive(Debug, Clone, clap::Args)]
pub struct UninstallArgs {
    /// Name of the standing probe
    #[arg(long, value_name = "NAME", default_value = DEFAULT_NAME, value_parser = object_name)]
    pub name: String,
    /// Succeed when there is none
    #[arg(long)]
    pub ignore_not_found: bool,
}

//! `kubectl pods monitor …`.

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
    /// Put a standing probe into the cluster
    Install(InstallArgs),
    /// Show what the standing probe sees
    Status,
    /// Remove the standing probe and everything that belongs to it
    Uninstall,
}

/// Arguments of `monitor install`.
#[derive(Debug, Clone, clap::Args)]
pub struct InstallArgs {
    /// What to check, as in kubectl pods check
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Time between two rounds
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub every: String,
}

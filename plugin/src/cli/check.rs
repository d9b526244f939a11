//! `kubectl pods check TARGET…`.

use std::time::Duration;

use super::{
    ProbeArgs,
    value_probe::{StatusRange, duration, statuses},
};

/// Arguments of `check`.
#[derive(Debug, Clone, clap::Args)]
pub struct CheckArgs {
    /// Pod name, pod/NAME, svc/NAME, deploy/NAME, IP, host or URL; :PORT and /PATH may follow
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Output format
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub output: CheckFormat,
    /// Do not print headers
    #[arg(long)]
    pub no_headers: bool,
    /// Attempts for each target
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub attempts: u32,
    /// What to speak, whatever the target looks like
    #[arg(long, value_name = "PROTOCOL")]
    pub protocol: Option<CheckProtocol>,
    /// HTTP statuses that are right: 200, 2xx, 200-299; may be repeated
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = statuses, default_value = "200-399")]
    pub expect: Vec<StatusRange>,
    /// Limit for finding the address and connecting
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = duration)]
    pub connect_timeout: Duration,
    /// Limit for one attempt
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// Where the probe runs.
    #[command(flatten)]
    pub probe: ProbeArgs,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckFormat {
    /// A line for each target
    Table,
    /// The same with phases, counts and source
    Wide,
    /// Everything, with the evidence
    Json,
}

/// Protocols of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckProtocol {
    /// A TCP handshake
    Tcp,
    /// An HTTP GET
    Http,
    /// An HTTP GET over TLS
    Https,
}

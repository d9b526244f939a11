//! `kubectl pods check TARGET…`.

use super::{AttemptArgs, ProbeArgs, value::node_name};

/// What stands below the flags of `check`.
pub(super) const AFTER_HELP: &str = "\
Exit codes:
  0  every target is as expected
  1  wrong usage, or the API server refused
  2  at least one target is not as expected
  3  none is known to fail, but at least one could not be judged

Examples:
  kubectl pods check web
  kubectl pods check svc/web:8080/healthz https://10.0.0.7/ --from-node node1
  kubectl pods check svc/web --from-node node1 --from-node node2
  kubectl pods check svc/web --endpoints
  kubectl pods check --all -A";

/// Arguments of `check`.
#[derive(Debug, Clone, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent switches of a command line"
)]
pub struct CheckArgs {
    /// Pod name, pod/NAME, svc/NAME, svc/NAME.NAMESPACE, deploy/NAME, IP, host or URL; :PORT and /PATH may follow
    #[arg(value_name = "TARGET", required_unless_present_any = ["selector", "all"])]
    pub targets: Vec<String>,
    /// Check every ready pod with these labels, as in -l app=web
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Check every TCP port of every Service of the namespace
    #[arg(long)]
    pub all: bool,
    /// With --all: of all namespaces
    #[arg(long, short = 'A', requires = "all")]
    pub all_namespaces: bool,
    /// Check also each ready endpoint of a Service, beside the Service's own address
    #[arg(long)]
    pub endpoints: bool,
    /// Output format: table, wide or json
    #[arg(
        long,
        short,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub output: CheckFormat,
    /// Do not print headers
    #[arg(long)]
    pub no_headers: bool,
    /// Attempts for each target
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub attempts: u32,
    /// Node to check from, may be repeated; the scheduler's choice when absent
    #[arg(long, value_name = "NODE", conflicts_with = "from_here", help_heading = "Probe",
          value_parser = node_name)]
    pub from_node: Vec<String>,
    /// How to check.
    #[command(flatten)]
    pub attempt: AttemptArgs,
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

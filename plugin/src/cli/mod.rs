//! What the user typed, and nothing more. Each verb's arguments have a file of their own.

mod check;
mod connection;
mod curl;
mod get;
mod monitor;
mod parse;
mod probe;
mod value;
mod value_probe;

pub use check::{CheckArgs, CheckFormat, CheckProtocol};
pub use connection::ConnectionArgs;
pub use curl::{CurlArgs, RequestArgs};
pub use get::GetArgs;
pub use monitor::{InstallArgs, MonitorArgs, MonitorVerb};
pub use parse::{Stop, parse};
pub use probe::ProbeArgs;
pub use value_probe::StatusRange;

use crate::{checking, exit::Exit, listing, monitor as monitoring};

/// List pods, and check the network paths between them.
#[derive(Debug, clap::Parser)]
#[command(name = "kubectl pods", bin_name = "kubectl pods", version)]
#[command(subcommand_precedence_over_arg = true, args_conflicts_with_subcommands = false)]
pub struct Cli {
    /// Flags that say which cluster, as whom, and in which namespace.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Arguments of the list, when no verb is named.
    #[command(flatten)]
    pub get: GetArgs,
    /// The verb; absent: list.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// List pods, as kubectl get pods does
    Get(GetArgs),
    /// Check from inside the cluster whether targets can be reached, and how fast
    Check(CheckArgs),
    /// Send one HTTP request from inside the cluster and print the body
    Curl(CurlArgs),
    /// Leave a probe in the cluster that repeats checks and serves Prometheus metrics
    Monitor(MonitorArgs),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    ///
    /// When we could not do our work. What is wrong with a target is not an error: it is in the exit code.
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.verb {
            None => listing::run(&self.connection, &self.get).await,
            Some(Verb::Get(args)) => listing::run(&self.connection, &args).await,
            Some(Verb::Check(args)) => checking::check(&self.connection, &args).await,
            Some(Verb::Curl(args)) => checking::curl(&self.connection, &args).await,
            Some(Verb::Monitor(args)) => monitoring::run(&self.connection, &args).await,
        }
    }
}

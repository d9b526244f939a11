//! What the user typed, and nothing more. Each verb's arguments have a file of their own; what is done with them is
//! [`crate::dispatch`]'s.

mod addressing;
mod attempt;
mod check;
mod complaint;
mod curl;
mod curl_data;
mod get;
mod image;
mod kubectls;
mod monitor;
mod parse;
mod pod;
mod pod_value;
mod probe;
mod value;
mod words;

pub use addressing::{AddressingArgs, Given};
pub use attempt::{AttemptArgs, CheckProtocol};
pub use check::{CheckArgs, CheckFormat};
pub use curl::{CurlArgs, RequestArgs, ShowingArgs};
pub use curl_data::{DataArgs, DataKind, Datum};
pub use get::GetArgs;
pub use image::{ImageArgs, ImageVerb, LoadArgs, PushArgs, SaveArgs};
pub use monitor::{InstallArgs, MonitorArgs, MonitorVerb, StatusArgs, StatusFormat, UninstallArgs};
pub use parse::{Stop, parse};
pub use pod::{OverrideType, PodArgs};
pub(crate) use probe::DEFAULT_IMAGE;
pub use probe::ProbeArgs;
pub use value::StatusRange;

use cluster::ConnectionOptions;

/// List pods, and check the network paths between them.
#[derive(Debug, clap::Parser)]
#[command(name = "kubectl pods", bin_name = "kubectl pods", version)]
pub struct Cli {
    /// Flags that say which cluster, as whom, and in which namespace.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// The verb. [`parse()`] puts `get` where none was typed.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// List pods, as kubectl get pods does
    #[command(after_help = get::AFTER_HELP)]
    Get(GetArgs),
    /// Check from inside the cluster whether targets can be reached, and how fast
    #[command(after_help = check::AFTER_HELP)]
    Check(Box<CheckArgs>),
    /// Send one HTTP request from inside the cluster and print the body
    #[command(after_help = curl::AFTER_HELP)]
    Curl(Box<CurlArgs>),
    /// Leave a probe in the cluster that repeats checks and serves Prometheus metrics
    Monitor(MonitorArgs),
    /// Bring the image of the probe, which this program carries, to where a cluster finds it
    Image(ImageArgs),
}

/// The command for help texts: the list's flags stand beside the verbs, because `get` may be left out.
fn help_command() -> clap::Command {
    use clap::{Args as _, CommandFactory as _};

    let verbs = Cli::command().disable_help_subcommand(true).subcommand_required(false);
    let about = verbs.get_about().cloned().unwrap_or_default();
    GetArgs::augment_args(verbs.next_help_heading("List"))
        .mut_arg("names", |names| names.help_heading(None::<&'static str>))
        .about(about)
        .after_help(get::AFTER_HELP)
}

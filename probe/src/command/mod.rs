//! What can be typed.

mod run;
mod serve;

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use kubectl_pods_report::{Backend, NODE_VARIABLE, POD_VARIABLE, STANDING_PORT};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a process that SIGTERM ended, as shells count: 128 + 15.
const TERMINATED: u8 = 143;

/// Check addresses from here, and report what the kernel saw.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) enum Command {
    /// Carry out a plan once; numbered records go to standard output, one JSON object a line.
    Run {
        /// File with the plan as JSON, `-` for standard input; the variable `KUBECTL_PODS_PLAN`, packed, when absent.
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
        /// Time to wait before anything is tried.
        #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
        after: Duration,
    },
    /// Carry out the checks of a configuration again and again; results by HTTP, and who it is over UDP.
    Serve {
        /// File with a plan as JSON that has `every_seconds`; read again when it changes.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Address to listen on; `[::]` takes IPv4 as well.
        #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv6Addr::UNSPECIFIED, STANDING_PORT)))]
        listen: SocketAddr,
        /// Name of the node, label `source_node` of the metrics.
        #[arg(long, value_name = "NAME", env = NODE_VARIABLE)]
        node: String,
        /// Name of the pod, told to whoever asks over UDP.
        #[arg(long, value_name = "NAME", env = POD_VARIABLE)]
        pod: String,
    },
}

impl Command {
    /// Does it. As process 1 of a container we are not ended by signals that we do not handle.
    pub(crate) async fn execute(self) -> anyhow::Result<ExitCode> {
        let mut terminate = signal(SignalKind::terminate()).context("cannot handle SIGTERM")?;
        match self {
            Self::Run { plan, after } => tokio::select! {
                biased;
                _ = terminate.recv() => Ok(ExitCode::from(TERMINATED)),
                result = run::run(plan.as_deref(), after) => result.map(|()| ExitCode::SUCCESS),
            },
            Self::Serve { config, listen, node, pod } => {
                let who = Backend { name: pod, node };
                serve::serve(&config, listen, who, terminate.recv())
                    .await
                    .map(|()| ExitCode::SUCCESS)
            }
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "a number of seconds is wanted".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

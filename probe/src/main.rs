//! The probe as a program: `run` once, in a Job, or `serve`, in a DaemonSet.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use kubectl_pods_report::{NODE_VARIABLE, PLAN_VARIABLE, Plan, STANDING_PORT};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use probe::serve::{App, ConfigFile, keep_checking, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a process that SIGTERM ended, as shells count: 128 + 15.
const TERMINATED: u8 = 143;

/// Time that open connections have to finish after the listener is closed.
const GRACE: Duration = Duration::from_secs(2);

/// Check addresses from here, and report what the kernel saw.
#[derive(Debug, Parser)]
#[command(version)]
enum Command {
    /// Carry out a plan once; numbered records go to standard output, one JSON object a line.
    Run {
        /// File with the plan as JSON, `-` for standard input; the variable `KUBECTL_PODS_PLAN` when absent.
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
    },
    /// Carry out the checks of a configuration again and again; results by HTTP.
    Serve {
        /// File with a plan as JSON that has `every_seconds`; read again when it changes.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Address to listen on.
        #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from(([0, 0, 0, 0], STANDING_PORT)))]
        listen: SocketAddr,
        /// Name of the node, label `source_node` of the metrics.
        #[arg(long, value_name = "NAME", env = NODE_VARIABLE)]
        node: String,
    },
}

fn main() -> ExitCode {
    let command = Command::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.context("cannot start").and_then(|runtime| {
        let code = runtime.block_on(execute(command));
        // A blocking read of a file must not hold up the exit.
        runtime.shutdown_background();
        code
    });
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn execute(command: Command) -> anyhow::Result<ExitCode> {
    // As process 1 of a container we are not ended by signals that we do not handle.
    let mut terminate = signal(SignalKind::terminate()).context("cannot handle SIGTERM")?;
    match command {
        Command::Run { plan } => tokio::select! {
            biased;
            _ = terminate.recv() => Ok(ExitCode::from(TERMINATED)),
            result = run(plan.as_deref()) => result.map(|()| ExitCode::SUCCESS),
        },
        Command::Serve { config, listen, node } => {
            let app = Arc::new(App::new(&node).context("cannot set up metrics")?);
            let listener = TcpListener::bind(listen)
                .await
                .with_context(|| format!("cannot listen on {listen}"))?;
            let file = ConfigFile::new(&config);
            raise_file_limit();
            writeln!(io::stderr(), "listening on {}", listener.local_addr()?)?;
            tokio::select! {
                () = serve(listener, Arc::clone(&app), terminate.recv(), GRACE) => Ok(ExitCode::SUCCESS),
                Err(error) = keep_checking(app, file) => {
                    Err(error).with_context(|| format!("configuration {}", config.display()))
                }
            }
        }
    }
}

/// Every attempt takes two descriptors; the usual limit of 1024 is for programs that use `select`. Best effort.
fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(16_384), hard);
    }
}

async fn run(file: Option<&Path>) -> anyhow::Result<()> {
    let plan: Plan = serde_json::from_str(&read_plan(file)?).context("the plan is not valid")?;
    probe::run(&plan, |record| {
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        // One write a line, and each at once: whoever reads the log sees results as they come.
        io::stdout().lock().write_all(&line).and_then(|()| io::stdout().lock().flush())
    })
    .await
    .context("cannot carry out the plan")
}

fn read_plan(file: Option<&Path>) -> anyhow::Result<String> {
    let Some(file) = file else {
        return std::env::var(PLAN_VARIABLE)
            .with_context(|| format!("no --plan, and no {PLAN_VARIABLE} in the environment"));
    };
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()));
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

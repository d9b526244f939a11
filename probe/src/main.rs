//! The probe as a program: `run` once, in a Job, or `serve`, in a DaemonSet.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use kubectl_pods_report::{PLAN_VARIABLE, Plan};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a process that SIGTERM ended, as shells count: 128 + 15.
const TERMINATED: u8 = 143;

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

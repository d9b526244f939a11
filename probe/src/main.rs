//! The probe as a program: `run` once, in a Job, or `serve`, in a DaemonSet.

mod command;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use command::Command;

fn main() -> ExitCode {
    let command = Command::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.context("cannot start").and_then(|runtime| {
        let code = runtime.block_on(command.execute());
        // Nothing that still runs in the background may hold up the exit.
        runtime.shutdown_background();
        code
    });
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

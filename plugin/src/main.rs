//! `kubectl pods`: parse, run, turn the outcome into an exit code.

use std::process::ExitCode;

use kubectl_pods::{cli, dispatch, output};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(stop) => return stop.end(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime needs only threads and an epoll handle");
    let outcome = runtime.block_on(dispatch::run(&cli));
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => output::report(&error).into(),
    }
}

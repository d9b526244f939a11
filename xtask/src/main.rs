//! Everything around the code: `cargo xtask --help`.

mod cache;
mod cluster;
mod command;
mod digest;
mod host;
mod image;
mod lock;
mod progress;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything around the code of kubectl-pods.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// A real Kubernetes on this machine, for tests, demo and benches.
    #[command(subcommand)]
    Cluster(cluster::ClusterVerb),
    /// The images those need, as OCI archives, made without Docker.
    #[command(subcommand)]
    Image(image::ImageVerb),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().verb {
        Verb::Cluster(verb) => cluster::run(verb),
        Verb::Image(verb) => image::run(verb),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

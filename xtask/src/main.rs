//! Everything around the code: `cargo xtask --help`.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for people at a terminal: this is how it speaks"
)]

mod bench;
mod cache;
mod cargo;
mod ci;
mod cluster;
mod command;
mod debian_rust;
mod demo;
mod deny;
mod dist;
mod docs;
mod existing;
mod go;
mod guests;
mod host;
mod image;
mod interrupt;
mod invariants;
mod links;
mod lock;
mod processes;
mod progress;
mod steps;
mod test;
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
    /// The guests of wasm-guests/: rebuild wasm-guests/prebuilt, or compare with it.
    Guests(guests::GuestsArgs),
    /// The images those need, as OCI archives, made without Docker.
    #[command(subcommand)]
    Image(image::ImageVerb),
    /// The plugin as it is released, with the probe in it.
    Dist(dist::DistArgs),
    /// From a fresh clone to everything once on screen.
    Demo(demo::DemoArgs),
    /// Every test; makes the clusters it needs.
    Test(test::TestArgs),
    /// The invariants of docs/architecture.md that a program can check; takes a second.
    Invariants,
    /// Every check and every test, as CI runs them.
    Ci,
    /// Measurements too slow or too noisy for tests.
    #[command(subcommand)]
    Bench(bench::BenchVerb),
    /// Put the plugin's help texts into docs/reference.md.
    Docs {
        /// Only compare, and see that links in Markdown files lead somewhere.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Args::parse().verb {
        Verb::Cluster(verb) => cluster::run(verb),
        Verb::Guests(args) => guests::run(&args),
        Verb::Image(verb) => image::run(verb),
        Verb::Dist(args) => dist::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Test(args) => test::run(&args, &mut steps::Steps::default()),
        Verb::Invariants => invariants::check(),
        Verb::Ci => ci::ci(),
        Verb::Bench(verb) => bench::run(&verb),
        Verb::Docs { check } => docs::run(check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

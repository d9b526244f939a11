//! `cargo xtask bench …`: measurements that are too slow or too noisy for tests. Each prints rows for
//! `docs/measurements.md`.

mod causes;
mod check;
mod list;
mod measured;
mod sample;

/// What to measure.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum BenchVerb {
    /// Ordinary mistakes: are they named, beside what popeye says; healthy targets; the time that causes take
    Causes(causes::CausesBench),
    /// From command to answer: `kubectl pods curl` and `check`, `kubectl run curl -it --rm`, 1,000 targets, causes, interleaved
    Check(check::CheckBench),
    /// Lists of pods: kubectl, curl with the cheapest sufficient request, ours, interleaved; wall, CPU, memory, bytes
    List(list::ListBench),
}

/// Measures.
///
/// # Errors
///
/// When the cluster cannot be made, or a measured command fails.
pub(crate) fn run(verb: &BenchVerb) -> anyhow::Result<()> {
    match verb {
        BenchVerb::Causes(args) => causes::run(args),
        BenchVerb::Check(args) => check::run(args),
        BenchVerb::List(args) => list::run(args),
    }
}

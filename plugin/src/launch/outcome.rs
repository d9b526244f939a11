//! What comes of launching probes.

use kubectl_pods_report::Source;

use super::stream::Results;
use crate::exit::Exit;

/// How a run ended.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// With this, made of what the probes brought.
    Done(T),
    /// A signal stopped us.
    Stopped(Exit),
}

/// What came from one place. Without results that count, [`Source::problem`] says why.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// The place.
    pub source: Source,
    /// All that its probe had to say.
    pub results: Results,
}

impl Brought {
    /// Whole results, or why they are not.
    pub(super) fn new(source: Source, results: Result<Results, String>) -> Self {
        match results {
            Ok(results) => Self { source, results },
            Err(problem) => Self {
                source: Source { problem: Some(problem), ..source },
                results: Results::default(),
            },
        }
    }
}

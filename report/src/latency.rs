//! Latencies of several attempts.

use serde::{Deserialize, Serialize};

use crate::Attempt;

/// Latencies over the attempts that have one ([`Attempt::has_latency`]). A failure is never a latency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The TCP handshake as the probe saw it.
    pub connect: Option<Spread>,
    /// The kernel's round-trip time.
    pub rtt: Option<Spread>,
    /// The whole attempt.
    pub total: Option<Spread>,
}

/// Smallest, middle and largest of some measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The smallest.
    pub min_seconds: f64,
    /// The middle one; the lower of two.
    pub median_seconds: f64,
    /// The largest.
    pub max_seconds: f64,
}

impl Latency {
    /// Those of `attempts`.
    #[must_use]
    pub fn of(attempts: &[Attempt]) -> Self {
        let good = || attempts.iter().filter(|attempt| attempt.has_latency());
        Self {
            connect: Spread::of(good().filter_map(|attempt| attempt.phases.connect_seconds)),
            rtt: Spread::of(good().filter_map(Attempt::rtt_seconds)),
            total: Spread::of(good().map(|attempt| attempt.total_seconds)),
        }
    }
}

impl Spread {
    /// That of `samples`; none if there are none.
    #[must_use]
    pub fn of(samples: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = samples.collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        Some(Self {
            min_seconds: sorted[0],
            median_seconds: sorted[last / 2],
            max_seconds: sorted[last],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, Check, Expectation, Facts, Observation, Phase};

    #[test]
    fn a_failure_is_never_a_latency_and_a_slow_answer_is_one() {
        let check = Check {
            expect: vec![Expectation::Latency { of: Phase::Total, at_most_seconds: 0.25 }],
            ..Check::new(0, "web", "10.0.0.7", Ask::tcp(80))
        };
        let attempt = |observation, total_seconds| {
            Attempt::new(&check, Facts { total_seconds, ..Facts::new(observation, "") })
        };
        let attempts = [
            attempt(Observation::Open, 0.1),
            attempt(Observation::Dropped, 3.0),
            attempt(Observation::Open, 0.3),
            attempt(Observation::Open, 0.2),
            attempt(Observation::Starved, 9.0),
        ];
        let expected = Spread { min_seconds: 0.1, median_seconds: 0.2, max_seconds: 0.3 };
        assert_eq!(Latency::of(&attempts).total, Some(expected));
        assert_eq!(Latency::of(&attempts[1..2]).total, None);
    }

    #[test]
    fn who_was_to_be_denied_has_no_latency() {
        let check = Check {
            expect: vec![Expectation::Denied],
            ..Check::new(0, "web", "10.0.0.7", Ask::tcp(80))
        };
        for observation in [Observation::Open, Observation::Dropped] {
            let facts = Facts { total_seconds: 0.1, ..Facts::new(observation, "") };
            assert_eq!(Latency::of(&[Attempt::new(&check, facts)]).total, None, "{observation}");
        }
    }
}

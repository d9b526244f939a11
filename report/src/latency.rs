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

/// Measurements of attempts that have come so far: 24 bytes for each.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    connect: Vec<f64>,
    rtt: Vec<f64>,
    total: Vec<f64>,
}

impl Samples {
    /// Takes in what `attempt` measured, if that is a latency.
    pub(crate) fn add(&mut self, attempt: &Attempt) {
        if attempt.has_latency() {
            self.connect.extend(attempt.phases.connect_seconds);
            self.rtt.extend(attempt.rtt_seconds());
            self.total.push(attempt.total_seconds);
        }
    }

    /// What they are together.
    pub(crate) fn latency(self) -> Latency {
        let Self { connect, rtt, total } = self;
        Latency { connect: spread(connect), rtt: spread(rtt), total: spread(total) }
    }
}

fn spread(mut samples: Vec<f64>) -> Option<Spread> {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().checked_sub(1)?;
    Some(Spread {
        min_seconds: samples[0],
        median_seconds: samples[last / 2],
        max_seconds: samples[last],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, Check, Expectation, Facts, Observation, Phase};

    fn latency(attempts: &[Attempt]) -> Latency {
        let mut samples = Samples::default();
        for attempt in attempts {
            samples.add(attempt);
        }
        samples.latency()
    }

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
        assert_eq!(latency(&attempts).total, Some(expected));
        assert_eq!(latency(&attempts[1..2]).total, None);
    }

    #[test]
    fn who_was_to_be_denied_has_no_latency() {
        let check = Check {
            expect: vec![Expectation::Denied],
            ..Check::new(0, "web", "10.0.0.7", Ask::tcp(80))
        };
        for observation in [Observation::Open, Observation::Dropped] {
            let facts = Facts { total_seconds: 0.1, ..Facts::new(observation, "") };
            assert_eq!(latency(&[Attempt::new(&check, facts)]).total, None, "{observation}");
        }
    }
}

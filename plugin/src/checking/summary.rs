//! Several attempts at one target become one verdict and a few latencies.

use kubectl_pods_report::{Attempt, Verdict};
use serde::Serialize;

/// Latencies over the attempts that held. A failure is never a latency.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Latency {
    /// The TCP handshake as the probe saw it.
    pub connect: Option<Spread>,
    /// The kernel's round-trip time.
    pub rtt: Option<Spread>,
    /// The whole attempt.
    pub total: Option<Spread>,
}

/// Smallest, middle and largest of some measurements.
#[expect(
    clippy::struct_field_names,
    reason = "these are the names in JSON, where the unit belongs to the name"
)]
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    /// The smallest.
    pub min_seconds: f64,
    /// The middle one; the lower of two.
    pub median_seconds: f64,
    /// The largest.
    pub max_seconds: f64,
}

/// One verdict for several attempts. A target holds when every attempt does: one conclusive failure in ten is a
/// failure, and its words are those of the most frequent one.
pub(super) fn judge(attempts: &[Attempt], planned: usize) -> (Verdict, String) {
    let bad = |conclusive: bool| {
        attempts
            .iter()
            .filter(move |a| a.verdict != Verdict::Open && a.verdict.is_conclusive() == conclusive)
    };
    let count = |verdict: Verdict| attempts.iter().filter(|a| a.verdict == verdict).count();
    // Of equally frequent ones the first: `max_by_key` takes the last, so look from the end.
    let worst = |conclusive| {
        bad(conclusive).collect::<Vec<_>>().into_iter().rev().max_by_key(|a| count(a.verdict))
    };
    match worst(true).or_else(|| worst(false)) {
        Some(attempt) if planned > 1 => {
            let message =
                format!("{} of {planned} attempts: {}", count(attempt.verdict), attempt.message);
            (attempt.verdict, message)
        }
        Some(attempt) => (attempt.verdict, attempt.message.clone()),
        None if attempts.len() < planned => {
            (Verdict::NotRun, format!("{} of {planned} attempts were made", attempts.len()))
        }
        None => {
            let message = attempts.first().map(|attempt| attempt.message.clone());
            (Verdict::Open, message.unwrap_or_default())
        }
    }
}

/// Latencies of the attempts that held.
pub(super) fn latency(attempts: &[Attempt]) -> Latency {
    let held = || attempts.iter().filter(|attempt| attempt.verdict == Verdict::Open);
    let rtt = held().filter_map(|a| a.evidence.tcp_info).map(|info| info.rtt_seconds);
    Latency {
        connect: spread(held().filter_map(|attempt| attempt.phases.connect_seconds)),
        rtt: spread(rtt.filter(|seconds| *seconds > 0.0)),
        total: spread(held().map(|attempt| attempt.total_seconds)),
    }
}

fn spread(samples: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut sorted: Vec<f64> = samples.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(Spread {
        min_seconds: sorted[0],
        median_seconds: sorted[last / 2],
        max_seconds: sorted[last],
    })
}

/// An attempt as tests need it.
#[cfg(test)]
pub(super) fn attempt(check: u32, verdict: Verdict, total_seconds: f64) -> Attempt {
    Attempt {
        target: String::new(),
        check,
        address: "10.0.0.7:80".parse().ok(),
        verdict,
        message: verdict.to_string(),
        started_seconds: 0.0,
        total_seconds,
        phases: kubectl_pods_report::Phases {
            connect_seconds: Some(total_seconds),
            ..kubectl_pods_report::Phases::default()
        },
        http_status: None,
        body_bytes: 0,
        evidence: kubectl_pods_report::Evidence::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_never_a_latency() {
        let attempts = [
            attempt(0, Verdict::Open, 0.1),
            attempt(0, Verdict::Dropped, 3.0),
            attempt(0, Verdict::Open, 0.3),
            attempt(0, Verdict::Open, 0.2),
            attempt(0, Verdict::Starved, 9.0),
        ];
        let expected = Spread { min_seconds: 0.1, median_seconds: 0.2, max_seconds: 0.3 };
        assert_eq!(latency(&attempts).total, Some(expected));
        assert_eq!(latency(&attempts[1..2]).total, None);
    }
}

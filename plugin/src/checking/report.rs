//! Attempts become a report: one verdict for each target, and what may be said about all of them.

use kubectl_pods_report::{Attempt, Check, Plan, Protocol, Verdict};
use serde::Serialize;

use super::{
    resolve::{Found, What},
    run::Source,
};
use crate::exit::Exit;

/// Version of the JSON form. Fields may be added within a version.
const VERSION: u32 = 1;

/// Everything that one `check` found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    /// Version of this form.
    pub version: u32,
    /// Where it was checked from.
    pub source: From,
    /// Why nothing can be said about targets that were to be tried, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inconclusive: Option<String>,
    /// One entry for each address and port, in the order of the command line.
    pub targets: Vec<TargetReport>,
}

/// Where a check was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct From {
    /// Node of the probe; absent when it ran on this machine, or not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Namespace of the probe's pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The probe's pod, which is gone by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Whether it ran on this machine.
    pub here: bool,
}

/// What was found out about one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TargetReport {
    /// What the user called it.
    pub target: String,
    /// Address and port that were tried, or host and port when no address was found.
    pub address: Option<String>,
    /// What was spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The answer.
    pub verdict: Verdict,
    /// One sentence about it.
    pub message: String,
    /// Attempts that held.
    pub open: usize,
    /// Attempts that failed conclusively.
    pub failed: usize,
    /// Attempts that say nothing about the target, or were not made.
    pub inconclusive: usize,
    /// Latencies of the attempts that held.
    pub latency: Latency,
    /// Every attempt with its evidence.
    pub attempts: Vec<Attempt>,
}

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

impl From {
    /// The probe's pod.
    #[must_use]
    pub(super) fn cluster(namespace: &str, source: Source) -> Self {
        Self {
            node: source.node,
            namespace: Some(namespace.to_owned()),
            pod: source.pod,
            here: false,
        }
    }

    /// This machine.
    #[must_use]
    pub(super) fn here() -> Self {
        Self { here: true, ..Self::default() }
    }
}

impl Report {
    /// Puts attempts to their targets. `attempts` is the reason when the probe brought none that count.
    #[must_use]
    pub(super) fn new(
        found: &[Found],
        plan: &Plan,
        source: From,
        attempts: &Result<Vec<Attempt>, String>,
    ) -> Self {
        let mut checks = (0..).zip(&plan.checks);
        let target = |found: &Found| match &found.what {
            What::Settled(verdict, message) => settled(&found.label, *verdict, message),
            What::Try(..) => {
                let (index, check) = checks.next().expect("every try has its check");
                tried(check, index, plan.attempts as usize, attempts)
            }
        };
        let targets = found.iter().map(target).collect();
        Self { version: VERSION, source, inconclusive: attempts.as_ref().err().cloned(), targets }
    }

    /// 0 when everything held, 2 when a target failed, 3 when none did but something is not known.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        if self.targets.iter().any(|target| target.failed > 0) {
            return Exit::TargetFailed;
        }
        if self.targets.iter().all(|target| target.verdict == Verdict::Open) {
            Exit::Success
        } else {
            Exit::Inconclusive
        }
    }
}

fn settled(label: &str, verdict: Verdict, message: &str) -> TargetReport {
    TargetReport {
        target: label.to_owned(),
        address: None,
        protocol: None,
        verdict,
        message: message.to_owned(),
        open: 0,
        failed: usize::from(verdict.is_conclusive()),
        inconclusive: usize::from(!verdict.is_conclusive()),
        latency: Latency::default(),
        attempts: Vec::new(),
    }
}

fn tried(
    check: &Check,
    index: u32,
    planned: usize,
    all: &Result<Vec<Attempt>, String>,
) -> TargetReport {
    let attempts: Vec<Attempt> =
        all.iter().flatten().filter(|attempt| attempt.check == index).cloned().collect();
    let count = |wanted: fn(&Attempt) -> bool| attempts.iter().filter(|a| wanted(a)).count();
    let open = count(|attempt| attempt.verdict == Verdict::Open);
    let failed =
        count(|attempt| attempt.verdict != Verdict::Open && attempt.verdict.is_conclusive());
    let (verdict, message) = match all {
        Err(_) => (Verdict::NotRun, "the probe brought no result".to_owned()),
        Ok(_) => judge(&attempts, planned),
    };
    let address = attempts.iter().find_map(|attempt| attempt.address).map(|a| a.to_string());
    TargetReport {
        target: check.target.clone(),
        address: address.or_else(|| Some(authority(&check.host, check.port))),
        protocol: Some(check.protocol),
        verdict,
        message,
        open,
        failed,
        inconclusive: planned.saturating_sub(open + failed),
        latency: latency(&attempts),
        attempts,
    }
}

/// One verdict for several attempts. A target holds when every attempt does: one conclusive failure in ten is a
/// failure, and its words are those of the most frequent one.
fn judge(attempts: &[Attempt], planned: usize) -> (Verdict, String) {
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

fn latency(attempts: &[Attempt]) -> Latency {
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

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Evidence, Expect, Phases, WIRE_VERSION};

    use super::*;
    use crate::checking::ports::Port;

    fn attempt(check: u32, verdict: Verdict, total_seconds: f64) -> Attempt {
        Attempt {
            target: String::new(),
            check,
            address: "10.0.0.7:80".parse().ok(),
            verdict,
            message: verdict.to_string(),
            started_seconds: 0.0,
            total_seconds,
            phases: Phases { connect_seconds: Some(total_seconds), ..Phases::default() },
            http_status: None,
            body_bytes: 0,
            evidence: Evidence::default(),
        }
    }

    fn report(verdicts: &[&[Verdict]], attempts: u32) -> Report {
        let found = |label| Found {
            label,
            target: 0,
            what: What::Try("10.0.0.7".to_owned(), Port::plain(80)),
        };
        let check = |index: usize| Check {
            target: format!("t{index}"),
            host: "10.0.0.7".to_owned(),
            port: 80,
            protocol: Protocol::Tcp,
            connect_timeout_seconds: 1.0,
            timeout_seconds: 1.0,
            http: None,
            expect: Expect::default(),
        };
        let checks = (0..verdicts.len()).map(check).collect();
        let plan = Plan { version: WIRE_VERSION, checks, attempts, every_seconds: None };
        let found: Vec<Found> = (0..verdicts.len()).map(|i| found(format!("t{i}"))).collect();
        let made = (0..).zip(verdicts).flat_map(|(index, verdicts)| {
            verdicts.iter().map(move |verdict| attempt(index, *verdict, 0.5))
        });
        Report::new(&found, &plan, From::here(), &Ok(made.collect()))
    }

    #[test]
    fn exit_code_is_the_worst_that_is_certain() {
        use Verdict::{Dropped, NotRun, Open, Refused, Starved};
        let cases: [(&str, &[&[Verdict]], u32, Exit); 8] = [
            ("all open", &[&[Open], &[Open]], 1, Exit::Success),
            ("one refused", &[&[Open], &[Refused]], 1, Exit::TargetFailed),
            ("one starved", &[&[Open], &[Starved]], 1, Exit::Inconclusive),
            ("starved and dropped", &[&[Starved], &[Dropped]], 1, Exit::TargetFailed),
            ("one of three dropped", &[&[Open, Dropped, Open]], 3, Exit::TargetFailed),
            ("one of three starved", &[&[Open, Starved, Open]], 3, Exit::Inconclusive),
            ("an attempt is missing", &[&[Open, Open]], 3, Exit::Inconclusive),
            ("not run", &[&[NotRun]], 1, Exit::Inconclusive),
        ];
        for (name, verdicts, attempts, exit) in cases {
            assert_eq!(report(verdicts, attempts).exit(), exit, "{name}");
        }
    }

    #[test]
    fn the_most_frequent_failure_speaks_for_the_target() {
        use Verdict::{Dropped, Open, Refused, Starved};
        let cases: [(&[Verdict], Verdict, &str); 4] = [
            (&[Open, Dropped, Refused, Refused], Refused, "2 of 4 attempts: refused"),
            (&[Dropped, Refused, Open, Open], Dropped, "1 of 4 attempts: dropped"),
            (&[Starved, Starved, Starved, Dropped], Dropped, "1 of 4 attempts: dropped"),
            (&[Open, Open, Open, Open], Open, "open"),
        ];
        for (verdicts, verdict, message) in cases {
            let target = report(&[verdicts], 4).targets.remove(0);
            assert_eq!((target.verdict, target.message.as_str()), (verdict, message));
        }
    }

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

    #[test]
    fn what_is_settled_needs_no_probe() {
        let found = |verdict| Found {
            label: "web".to_owned(),
            target: 0,
            what: What::Settled(verdict, "why".to_owned()),
        };
        let plan = Plan { version: 1, checks: Vec::new(), attempts: 3, every_seconds: None };
        let cases = [(Verdict::Stopped, Exit::TargetFailed), (Verdict::NotRun, Exit::Inconclusive)];
        for (verdict, exit) in cases {
            let report = Report::new(&[found(verdict)], &plan, From::here(), &Ok(Vec::new()));
            assert_eq!(report.exit(), exit);
            assert_eq!(report.targets[0].message, "why");
        }
    }
}

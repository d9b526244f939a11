//! Attempts become a report: one verdict for each target, and what may be said about all of them.

use kubectl_pods_report::{Attempt, Check, Plan, Protocol, Verdict};
use serde::Serialize;

use super::{
    resolve::{Found, What},
    run::Source,
    summary::{Latency, judge, latency},
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

    /// Why something was not judged, one line for each reason. A verdict is no such reason, however bad it is.
    #[must_use]
    pub(super) fn unjudged(&self) -> Vec<String> {
        let reason = |target: &TargetReport| match (&target.address, &self.inconclusive) {
            // Nothing was to be tried, and the message says what is so.
            (None, _) => Some(target.message.clone()),
            (Some(_), None) => Some(format!("{}: {}", target.target, target.message)),
            (Some(_), Some(_)) => None,
        };
        let unjudged = self.targets.iter().filter(|target| !target.verdict.is_conclusive());
        let probe = self.inconclusive.as_deref().map(probe_failed);
        unjudged.filter_map(reason).chain(probe).collect()
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

/// What is said when a probe brought nothing.
pub(super) fn probe_failed(reason: &str) -> String {
    format!("the probe could not do its work: {reason}")
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

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Expect, WIRE_VERSION};

    use super::*;
    use crate::checking::{ports::Port, summary::attempt};

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

    #[test]
    fn what_was_not_judged_is_said_once_and_a_verdict_is_no_reason() {
        use Verdict::{NotRun, Open, Refused, Starved, Stopped};
        let tried = report(&[&[Open], &[Refused], &[Starved]], 1);
        assert_eq!(tried.unjudged(), ["t2: starved"]);

        let found = |label: &str, what| Found { label: label.to_owned(), target: 0, what };
        let settled = |verdict, why: &str| What::Settled(verdict, why.to_owned());
        let found = [
            found("ended", settled(Stopped, "it has ended")),
            found("held", settled(NotRun, "it has no address")),
        ];
        let plan = Plan { version: 1, checks: Vec::new(), attempts: 1, every_seconds: None };
        let lost = Report::new(&found, &plan, From::here(), &Err("no log".to_owned()));
        let said = ["it has no address", "the probe could not do its work: no log"];
        assert_eq!(lost.unjudged(), said);
    }
}

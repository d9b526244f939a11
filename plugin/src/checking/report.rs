//! Attempts become a report: an entry for each target, and what may be said about all of them.

use kubectl_pods_report::{Check, Judgement, Report, Source, TargetReport};

use crate::{
    exit::Exit,
    launch::Results,
    targets::{Planned, Subject},
};

/// What came from one place. Without results that count, [`Source::problem`] says why.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) source: Source,
    pub(super) results: Results,
}

/// Puts what was brought to its targets: each as seen from each source.
#[must_use]
pub(super) fn report(planned: &Planned, brought: Vec<Brought>) -> Report {
    let mut targets = Vec::new();
    for subject in &planned.subjects {
        match subject {
            Subject::Settled { label, expect, observation, reason } => {
                targets.push(TargetReport::settled(label, expect, *observation, reason));
            }
            Subject::Check(id) => {
                let check = planned.plan.checks.iter().find(|check| check.id == *id);
                let seen = |check| brought.iter().map(move |from| seen(planned, check, from));
                targets.extend(check.into_iter().flat_map(seen));
            }
        }
    }
    Report::new(brought.into_iter().map(|from| from.source).collect(), targets)
}

fn seen(planned: &Planned, check: &Check, from: &Brought) -> TargetReport {
    let (source, attempts) = (from.source.id, u64::from(planned.plan.attempts));
    if from.source.problem.is_some() {
        return TargetReport::lost(check, source, attempts);
    }
    if let Some(summary) = from.results.summaries.iter().find(|summary| summary.check == check.id) {
        return TargetReport::summed_up(check, source, attempts, summary);
    }
    let made = from.results.attempts.iter().filter(|attempt| attempt.check == check.id);
    TargetReport::tried(check, source, attempts, made.cloned().collect())
}

/// Why something was not judged, one line for each reason. A failure is no such reason, however bad it is.
#[must_use]
pub(super) fn unjudged(report: &Report) -> Vec<String> {
    let unknown = report.targets.iter().filter(|target| target.judgement == Judgement::Unknown);
    let reason = |target: &TargetReport| match report.source_of(target) {
        // Nothing was to be tried, and the message says what is so.
        None => Some(target.message.clone()),
        // The reason is the source's, and is said once.
        Some(Source { problem: Some(_), .. }) => None,
        Some(_) => Some(format!("{}: {}", target.target, target.message)),
    };
    let problems = report.sources.iter().filter_map(|source| source.problem.as_deref());
    unknown.filter_map(reason).chain(problems.map(probe_failed)).collect()
}

/// 0 when everything held, 2 when a target failed, 3 when none did but something is not known.
#[must_use]
pub(super) fn exit(report: &Report) -> Exit {
    match report.judgement() {
        Judgement::Held => Exit::Success,
        Judgement::Failed => Exit::TargetFailed,
        Judgement::Unknown => Exit::Inconclusive,
    }
}

/// What is said when a probe brought nothing.
pub(super) fn probe_failed(reason: &str) -> String {
    format!("the probe could not do its work: {reason}")
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Attempt, Facts, Observation, Plan};

    use super::*;

    fn check(id: u32) -> Check {
        Check::new(id, format!("t{id}"), "10.0.0.7", Ask::tcp(80))
    }

    fn planned(checks: u32) -> Planned {
        Planned {
            plan: Plan::once((0..checks).map(check).collect()),
            subjects: (0..checks).map(Subject::Check).collect(),
        }
    }

    fn brought(id: u32, attempts: &[(u32, Observation)]) -> Brought {
        let attempt = |(check_id, observation): &(u32, Observation)| {
            Attempt::new(&check(*check_id), Facts::new(*observation, observation.as_str()))
        };
        let source = Source { id, ..Source::default() };
        let attempts = attempts.iter().map(attempt).collect();
        Brought { source, results: Results { attempts, ..Results::default() } }
    }

    fn settled(observation: Observation, reason: &str) -> Subject {
        Subject::Settled {
            label: "web".to_owned(),
            expect: Vec::new(),
            observation,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn attempts_find_their_targets_by_id_from_each_source() {
        use Observation::{Open, Refused};
        let one = brought(4, &[(1, Refused), (0, Open)]);
        let other = brought(2, &[(0, Open), (1, Open)]);
        let report = report(&planned(2), vec![one, other]);
        let rows: Vec<_> = report
            .targets
            .iter()
            .map(|target| (target.target.as_str(), target.source, target.verdict.as_str()))
            .collect();
        let expected = [
            ("t0", Some(4), "open"),
            ("t0", Some(2), "open"),
            ("t1", Some(4), "refused"),
            ("t1", Some(2), "open"),
        ];
        assert_eq!(rows, expected);
        assert_eq!(exit(&report), Exit::TargetFailed);
    }

    #[test]
    fn what_is_settled_needs_no_probe() {
        let cases =
            [(Observation::Stopped, Exit::TargetFailed), (Observation::NotRun, Exit::Inconclusive)];
        for (observation, code) in cases {
            let subjects = vec![settled(observation, "why")];
            let report = report(&Planned { subjects, ..planned(0) }, Vec::new());
            assert_eq!(exit(&report), code);
            let target = &report.targets[0];
            assert_eq!((target.source, target.message.as_str()), (None, "why"));
        }
    }

    #[test]
    fn what_was_not_judged_is_said_once_and_a_failure_is_no_reason() {
        use Observation::{NotRun, Open, Refused, Starved, Stopped};
        let tried = brought(0, &[(0, Open), (1, Refused), (2, Starved)]);
        assert_eq!(unjudged(&report(&planned(3), vec![tried])), ["t2: starved"]);

        let mut lost = planned(2);
        lost.subjects.push(settled(Stopped, "it has ended"));
        lost.subjects.push(settled(NotRun, "it has no address"));
        let mut nothing = brought(0, &[]);
        nothing.source.problem = Some("no log".to_owned());
        let lost = report(&lost, vec![nothing]);
        let said = ["it has no address", "the probe could not do its work: no log"];
        assert_eq!(unjudged(&lost), said);
        assert_eq!(lost.targets[0].message, "the probe brought no result");
    }
}

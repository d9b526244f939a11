//! Attempts become a report: an entry for each target, and what may be said about all of them.

use std::{collections::BTreeMap, net::IpAddr};

use kubectl_pods_report::{Attempt, Check, Judgement, Report, Source, Summary, TargetReport};

use crate::{
    exit::Exit,
    launch::Brought,
    targets::{Planned, Subject},
};

/// Puts what was brought to its targets: each as seen from each source. Gives for each of them its place among the
/// subjects, too.
#[must_use]
pub(super) fn report(planned: &Planned, brought: Vec<Brought>) -> (Report, Vec<usize>) {
    let (mut targets, mut places) = (Vec::new(), Vec::new());
    for (place, subject) in planned.subjects.iter().enumerate() {
        match subject {
            Subject::Settled { label, expect, observation, reason } => {
                targets.push(TargetReport::settled(label, expect, *observation, reason));
            }
            Subject::Check(id) => {
                let check = planned.plan.checks.iter().find(|check| check.id == *id);
                let seen = |check| brought.iter().flat_map(move |from| seen(planned, check, from));
                targets.extend(check.into_iter().flat_map(seen));
            }
        }
        places.resize(targets.len(), place);
    }
    (Report::new(brought.into_iter().map(|from| from.source).collect(), targets), places)
}

/// What one source saw of `check`: one entry, or one for each address if every one was tried.
fn seen(planned: &Planned, check: &Check, from: &Brought) -> Vec<TargetReport> {
    let (source, attempts) = (from.source.id, u64::from(planned.plan.attempts));
    if from.source.problem.is_some() {
        return vec![TargetReport::lost(check, source, attempts)];
    }
    let mut targets = attempted(check, source, attempts, from);
    let direct = from.results.standby.iter().filter(|attempt| attempt.check == check.id);
    for target in targets.iter_mut().filter(|target| target.judgement != Judgement::Held) {
        target.direct = direct.clone().cloned().collect();
    }
    targets
}

fn attempted(check: &Check, source: u32, attempts: u64, from: &Brought) -> Vec<TargetReport> {
    let of_check = |summary: &&Summary| summary.check == check.id;
    let summaries = from.results.summaries.iter().filter(of_check);
    let summed_up = |summary| TargetReport::summed_up(check, source, attempts, summary);
    let summed_up: Vec<TargetReport> = summaries.map(summed_up).collect();
    if !summed_up.is_empty() {
        return summed_up;
    }
    let mut made: BTreeMap<Option<IpAddr>, Vec<Attempt>> = BTreeMap::new();
    for attempt in from.results.attempts.iter().filter(|attempt| attempt.check == check.id) {
        let address = attempt.address.filter(|_| check.every_address);
        made.entry(address).or_default().push(attempt.clone());
    }
    if made.is_empty() {
        made.insert(None, Vec::new());
    }
    made.into_values().map(|made| TargetReport::tried(check, source, attempts, made)).collect()
}

/// Why something was not judged, one line for each reason. A failure is no such reason, however bad it is.
#[must_use]
pub(super) fn unjudged(report: &Report) -> Vec<String> {
    let unknown = report.targets.iter().filter(|target| target.judgement == Judgement::Unknown);
    let is_one_of_many = report.sources.len() > 1;
    let reason = |target: &TargetReport| match report.source_of(target) {
        // Nothing was to be tried, and the message says what is so.
        None => Some(target.line()),
        // The reason is the source's, and is said once.
        Some(Source { problem: Some(_), .. }) => None,
        Some(Source { node: Some(node), .. }) if is_one_of_many => {
            Some(format!("{} from {node}: {}", target.target, target.line()))
        }
        Some(_) => Some(format!("{}: {}", target.target, target.line())),
    };
    unknown.filter_map(reason).chain(problems(&report.sources)).collect()
}

/// Why sources brought nothing, each reason once with the nodes it holds for.
fn problems(sources: &[Source]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for source in sources {
        let Some(problem) = source.problem.as_deref() else { continue };
        let node = source.node.as_deref().filter(|_| sources.len() > 1);
        match reasons.iter_mut().find(|(reason, _)| *reason == problem) {
            Some((_, nodes)) => nodes.extend(node),
            None => reasons.push((problem, node.into_iter().collect())),
        }
    }
    reasons.iter().map(|(reason, nodes)| probe_failed(nodes, reason)).collect()
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

/// What is said when a probe brought nothing, on each of `nodes` if they are to be told apart.
pub(super) fn probe_failed(nodes: &[&str], reason: &str) -> String {
    let place = if nodes.is_empty() { String::new() } else { format!(" on {}", nodes.join(", ")) };
    format!("the probe could not do its work{place}: {reason}")
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Facts, Observation, Plan};

    use super::*;
    use crate::launch::Results;

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
        let (report, places) = report(&planned(2), vec![one, other]);
        assert_eq!(places, [0, 0, 1, 1]);
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
    fn every_address_that_was_tried_has_its_line() {
        use Observation::{Open, Refused};
        let every = |every_address| {
            let mut planned = planned(1);
            planned.plan.checks[0].every_address = every_address;
            let mut brought = brought(0, &[(0, Refused), (0, Open), (0, Open)]);
            for (attempt, last) in brought.results.attempts.iter_mut().zip([8, 7, 8]) {
                attempt.address = Some([10, 0, 0, last].into());
            }
            let (report, _) = report(&planned, vec![brought]);
            let row = |target: &TargetReport| {
                let address = target.address.clone().unwrap_or_default();
                (address, target.verdict.as_str(), target.counts.held)
            };
            report.targets.iter().map(row).collect::<Vec<_>>()
        };
        let row = |address: &str, verdict, held| (address.to_owned(), verdict, held);
        let expected = [row("10.0.0.7:80", "open", 1), row("10.0.0.8:80", "refused", 1)];
        assert_eq!(every(true), expected);
        assert_eq!(every(false), [row("10.0.0.8:80", "refused", 2)]);
    }

    #[test]
    fn what_stands_by_is_told_of_targets_that_failed() {
        use Observation::{Open, Refused};
        let mut brought = brought(0, &[(0, Open), (1, Refused)]);
        let stand_in = |id| Attempt::new(&check(id), Facts::new(Open, "connected"));
        brought.results.standby = vec![stand_in(0), stand_in(1)];
        let (report, _) = report(&planned(2), vec![brought]);
        let direct = report.targets.iter().map(|target| target.direct.len());
        assert_eq!(direct.collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn what_is_settled_needs_no_probe() {
        let cases = [
            (Observation::Stopped, Exit::TargetFailed),
            (Observation::Absent, Exit::TargetFailed),
            (Observation::NotRun, Exit::Inconclusive),
        ];
        for (observation, code) in cases {
            let subjects = vec![settled(observation, "why")];
            let (report, _) = report(&Planned { subjects, ..planned(0) }, Vec::new());
            assert_eq!(exit(&report), code);
            let target = &report.targets[0];
            assert_eq!((target.source, target.message.as_str()), (None, "why"));
        }
    }

    #[test]
    fn what_was_not_judged_is_said_once_and_a_failure_is_no_reason() {
        use Observation::{NotRun, Open, Refused, Starved, Stopped};
        let tried = brought(0, &[(0, Open), (1, Refused), (2, Starved)]);
        assert_eq!(unjudged(&report(&planned(3), vec![tried]).0), ["t2: starved"]);

        let mut lost = planned(2);
        lost.subjects.push(settled(Stopped, "it has ended"));
        lost.subjects.push(settled(NotRun, "it has no address"));
        let mut nothing = brought(0, &[]);
        nothing.source.problem = Some("no log".to_owned());
        let (lost, _) = report(&lost, vec![nothing]);
        let said = ["it has no address", "the probe could not do its work: no log"];
        assert_eq!(unjudged(&lost), said);
        assert_eq!(lost.targets[0].message, "the probe brought no result");
    }

    #[test]
    fn what_one_of_several_sources_did_not_bring_is_said_with_its_node() {
        let from = |id: u32, problem: Option<&str>| {
            let mut brought = brought(id, &[(0, Observation::Open), (1, Observation::Starved)]);
            brought.source.node = Some(format!("node{id}"));
            brought.source.problem = problem.map(str::to_owned);
            brought
        };
        let brought =
            vec![from(1, None), from(2, Some("no")), from(3, Some("Evicted")), from(4, Some("no"))];
        let (report, _) = report(&planned(2), brought);
        let said = [
            "t1 from node1: starved",
            "the probe could not do its work on node2, node4: no",
            "the probe could not do its work on node3: Evicted",
        ];
        assert_eq!(unjudged(&report), said);
        assert_eq!(exit(&report), Exit::Inconclusive);
        let held = report.targets.iter().filter(|target| target.judgement == Judgement::Held);
        assert_eq!(held.map(|target| target.source).collect::<Vec<_>>(), [Some(1)]);
    }
}

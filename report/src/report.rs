//! What several attempts, at several targets, from several places say together.

use serde::{Deserialize, Serialize};

use crate::expectation::judge;
use crate::shares;
use crate::{
    Attempt, AttemptKind, Cause, Check, Counts, Expectation, Facts, Judgement, Latency, Link,
    Observation, Protocol, Share, Summary, Tally, Verdict,
};

/// Version of [`Report`]. Fields may be added within a version.
pub const REPORT_VERSION: u32 = 1;

/// Everything that was found out at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_VERSION`] of the writer.
    pub version: u32,
    /// The places that targets were tried from.
    pub sources: Vec<Source>,
    /// One entry for each target and source, in the order of the command line.
    pub targets: Vec<TargetReport>,
}

/// A place that targets were tried from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Name of the source within its report: no other has it.
    pub id: u32,
    /// Node that the probe ran on, or was to run on; absent when it ran on this machine, or nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Namespace of the probe's pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The probe's pod, which is gone by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Whether it ran on this machine.
    pub here: bool,
    /// Why it brought no result that counts, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What was found out about one target from one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetReport {
    /// What the user called it.
    pub target: String,
    /// [`Source::id`] of the source; absent when nothing was to be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<u32>,
    /// Address and port that were tried, or host and port when no address was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The word for people.
    pub verdict: Verdict,
    /// Whether all attempts were right.
    pub judgement: Judgement,
    /// One sentence about it.
    pub message: String,
    /// Attempts by judgement; one that was not made is unknown.
    #[serde(flatten)]
    pub counts: Counts,
    /// Latencies.
    pub latency: Latency,
    /// Who answered how often, as far as they said who they are: the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<Share>,
    /// `attempts` has only the first of each kind and the slowest: there were too many to keep.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub summed_up: bool,
    /// Every attempt with its evidence.
    pub attempts: Vec<Attempt>,
    /// Handshakes with [`crate::Check::standby`] of a target that is not as expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<Attempt>,
    /// Why it is not as expected, as far as somebody looked and found out: the first is what to mend first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// The steps between the name and an answer, if it is not as expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Link>,
}

impl Report {
    /// The report of `targets` as seen from `sources`.
    #[must_use]
    pub const fn new(sources: Vec<Source>, targets: Vec<TargetReport>) -> Self {
        Self { version: REPORT_VERSION, sources, targets }
    }

    /// One judgement for all: failed if any target did, else unknown if any is, else held.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        self.targets.iter().map(|target| target.judgement).collect::<Counts>().judgement()
    }

    /// Where `target` was tried from.
    #[must_use]
    pub fn source_of(&self, target: &TargetReport) -> Option<&Source> {
        self.sources.iter().find(|source| Some(source.id) == target.source)
    }
}

impl TargetReport {
    /// A target about which enough is known without trying it: `observation`, and why.
    #[must_use]
    pub fn settled(
        target: &str,
        expect: &[Expectation],
        observation: Observation,
        reason: &str,
    ) -> Self {
        let judged = judge(expect, &Facts::new(observation, reason));
        Self {
            target: target.to_owned(),
            source: None,
            address: None,
            protocol: None,
            verdict: judged.verdict,
            judgement: judged.judgement,
            message: judged.message,
            counts: Counts::from_iter([judged.judgement]),
            latency: Latency::default(),
            backends: Vec::new(),
            summed_up: false,
            attempts: Vec::new(),
            direct: Vec::new(),
            causes: Vec::new(),
            chain: Vec::new(),
        }
    }

    /// What there is to say about it in one line: what to mend, or else what was seen.
    #[must_use]
    pub fn line(&self) -> String {
        self.causes.first().map_or_else(|| self.message.clone(), Cause::line)
    }

    /// The `attempts` at `check` from `source`, of which `planned` were to be made. A target holds when every attempt does:
    /// one certain failure in ten is a failure, and its words are those of the most frequent one.
    #[must_use]
    pub fn tried(check: &Check, source: u32, planned: u64, attempts: Vec<Attempt>) -> Self {
        let summary = attempts.iter().collect::<Tally>().sum_up(check.id);
        Self { summed_up: false, attempts, ..Self::summed_up(check, source, planned, &summary) }
    }

    /// The same of attempts that were not written down one by one.
    #[must_use]
    pub fn summed_up(check: &Check, source: u32, planned: u64, summary: &Summary) -> Self {
        let attempts = summary.evidence();
        let mut counts = summary.counts();
        let (verdict, message) = words(&summary.kinds, counts, planned);
        let message = with_backends(message, counts, planned, &summary.backends);
        counts.unknown += planned.saturating_sub(counts.total());
        let address = attempts.iter().find_map(Attempt::endpoint);
        Self {
            target: check.target.clone(),
            source: Some(source),
            address: Some(address.unwrap_or_else(|| check.authority())),
            protocol: Some(check.ask.protocol()),
            verdict,
            judgement: counts.judgement(),
            message,
            counts,
            latency: summary.latency,
            backends: summary.backends.clone(),
            summed_up: true,
            attempts,
            direct: Vec::new(),
            causes: Vec::new(),
            chain: Vec::new(),
        }
    }

    /// Nothing is known about the attempts at `check`: `source` brought no result that counts.
    #[must_use]
    pub fn lost(check: &Check, source: u32, planned: u64) -> Self {
        let message = "the probe brought no result".to_owned();
        Self { message, ..Self::tried(check, source, planned, Vec::new()) }
    }
}

/// Word and sentence of the attempts that make a target what it is. `made` counts those that were made.
fn words(kinds: &[AttemptKind], made: Counts, planned: u64) -> (Verdict, String) {
    let bad = |judgement| {
        // Of equally frequent ones the first: `max_by_key` takes the last, so look from the end.
        let of_it = kinds.iter().rev().filter(move |kind| kind.first.judgement == judgement);
        of_it.max_by_key(|kind| kind.attempts)
    };
    let missing = made.total() < planned;
    match (bad(Judgement::Failed).or_else(|| bad(Judgement::Unknown)), kinds.first()) {
        (Some(AttemptKind { attempts, first }), _) if planned > 1 => {
            (first.verdict, format!("{attempts} of {planned} attempts: {}", first.message))
        }
        (Some(AttemptKind { first, .. }), _) => (first.verdict, first.message.clone()),
        (None, Some(AttemptKind { first, .. })) if !missing => {
            (first.verdict, first.message.clone())
        }
        (None, _) => {
            let message = format!("{} of {planned} attempts were made", made.total());
            (Observation::NotRun.into(), message)
        }
    }
}

/// Adds to the message of several attempts who answered them. Where each was answered so, that is all there is to say: the
/// message is only of the first, and names but one.
fn with_backends(message: String, made: Counts, planned: u64, backends: &[Share]) -> String {
    let named: u64 = backends.iter().map(|share| share.count).sum();
    match shares::words(backends).filter(|_| planned > 1) {
        Some(words) if made.held == planned && named == planned => words,
        Some(words) => format!("{message}; {words}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, Backend};

    fn target(seen: &[Observation], planned: u64) -> TargetReport {
        let check = Check::new(7, "web", "10.0.0.7", Ask::tcp(80));
        let attempt = |seen: &Observation| Attempt::new(&check, Facts::new(*seen, seen.as_str()));
        TargetReport::tried(&check, 0, planned, seen.iter().map(attempt).collect())
    }

    #[test]
    fn a_report_is_judged_by_the_worst_that_is_certain() {
        use Observation::{Dropped, NotRun, Open, Refused, Starved};
        let cases: [(&str, &[&[Observation]], u64, Judgement); 8] = [
            ("all open", &[&[Open], &[Open]], 1, Judgement::Held),
            ("one refused", &[&[Open], &[Refused]], 1, Judgement::Failed),
            ("one starved", &[&[Open], &[Starved]], 1, Judgement::Unknown),
            ("starved and dropped", &[&[Starved], &[Dropped]], 1, Judgement::Failed),
            ("one of three dropped", &[&[Open, Dropped, Open]], 3, Judgement::Failed),
            ("one of three starved", &[&[Open, Starved, Open]], 3, Judgement::Unknown),
            ("an attempt is missing", &[&[Open, Open]], 3, Judgement::Unknown),
            ("not run", &[&[NotRun]], 1, Judgement::Unknown),
        ];
        for (name, targets, planned, judgement) in cases {
            let targets = targets.iter().map(|seen| target(seen, planned)).collect();
            let report = Report::new(vec![Source::default()], targets);
            assert_eq!(report.judgement(), judgement, "{name}");
        }
    }

    #[test]
    fn the_most_frequent_failure_speaks_for_the_target() {
        use Observation::{Dropped, Open, Refused, Starved};
        let cases: [(&[Observation], Observation, &str); 5] = [
            (&[Open, Dropped, Refused, Refused], Refused, "2 of 4 attempts: refused"),
            (&[Dropped, Refused, Open, Open], Dropped, "1 of 4 attempts: dropped"),
            (&[Starved, Starved, Starved, Dropped], Dropped, "1 of 4 attempts: dropped"),
            (&[Starved, Open, Open, Open], Starved, "1 of 4 attempts: starved"),
            (&[Open, Open, Open, Open], Open, "open"),
        ];
        for (seen, verdict, message) in cases {
            let target = target(seen, 4);
            assert_eq!((target.verdict, target.message.as_str()), (verdict.into(), message));
        }
    }

    #[test]
    fn who_answered_several_attempts_is_told_beside_what_failed() {
        use Observation::{Open, Silent};
        let check = Check::new(7, "svc/echo", "10.0.0.7", Ask::Udp { port: 9475 });
        let attempt = |(seen, name): &(Observation, Option<&str>)| {
            let mut facts = Facts::new(*seen, seen.as_str());
            let backend = |name: &str| Backend { name: name.to_owned(), node: "n".to_owned() };
            facts.details.answered_by = name.map(backend);
            Attempt::new(&check, facts)
        };
        let cases = [
            (vec![(Open, Some("a"))], "open"),
            (vec![(Open, Some("a")), (Open, Some("b")), (Open, Some("b"))], "2 backends: b 2, a 1"),
            (vec![(Open, Some("a")), (Open, None)], "open; 1 backend: a 1"),
            (vec![(Open, Some("a")), (Silent, None)], "1 of 2 attempts: silent; 1 backend: a 1"),
            (vec![(Open, None), (Open, None)], "open"),
        ];
        for (attempts, message) in cases {
            let planned = attempts.len() as u64;
            let attempts = attempts.iter().map(attempt).collect();
            let target = TargetReport::tried(&check, 0, planned, attempts);
            assert_eq!(target.message, message);
        }
    }

    #[test]
    fn an_attempt_that_is_missing_is_unknown_and_said() {
        let target = target(&[Observation::Open, Observation::Open], 3);
        assert_eq!(target.counts, Counts { held: 2, failed: 0, unknown: 1 });
        assert_eq!(target.verdict, Observation::NotRun.into());
        assert_eq!(target.message, "2 of 3 attempts were made");
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let probed = Source { id: 3, node: Some("node1".into()), ..Source::default() };
        let mut failed = target(&[Observation::Open, Observation::Refused], 2);
        failed.source = Some(3);
        let ended = TargetReport::settled("old", &[], Observation::Stopped, "it has ended");
        let report = Report::new(vec![probed], vec![failed, ended]);
        let json = serde_json::to_string(&report).expect("JSON");
        let read: Report = serde_json::from_str(&json).expect(&json);
        assert_eq!(read, report);
        assert_eq!(read.source_of(&read.targets[0]), Some(&read.sources[0]));
        assert_eq!(read.source_of(&read.targets[1]), None);
        let value: serde_json::Value = serde_json::from_str(&json).expect(&json);
        let words = ["open", "refused"].map(|word| serde_json::json!(word));
        let attempts = value["targets"][0]["attempts"].as_array().expect("attempts");
        for (attempt, word) in attempts.iter().zip(words) {
            assert_eq!((&attempt["observation"], &attempt["verdict"]), (&word, &word));
        }
        assert_eq!(value["targets"][0]["failed"], 1, "counts stand beside the rest");
    }
}

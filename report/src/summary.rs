//! Many attempts at one check, summed up where they are too many to be written down one by one.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::latency::Samples;
use crate::shares::Shares;
use crate::{Attempt, Counts, Latency, Share};

/// What all attempts at one check were like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`crate::Check::id`].
    pub check: u32,
    /// The address that they were made at, if every address of the host was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Kinds of attempts, in the order in which the first of each came.
    pub kinds: Vec<AttemptKind>,
    /// Latencies of all.
    pub latency: Latency,
    /// The attempt whose whole took longest, of those that have a latency; absent when it is the first of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest: Option<Attempt>,
    /// Who answered how often, as far as they said who they are; at most [`crate::MAX_BACKENDS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<Share>,
}

/// Attempts with the same judgement and the same verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptKind {
    /// How many they are.
    pub attempts: u64,
    /// The first of them, with its evidence.
    pub first: Attempt,
}

/// Sums attempts up as they come. Holds one of each kind, and 24 bytes of each.
#[derive(Debug, Default)]
pub struct Tally {
    kinds: Vec<AttemptKind>,
    samples: Samples,
    slowest: Option<Attempt>,
    backends: Shares,
}

impl Tally {
    /// Takes in one more.
    pub fn add(&mut self, attempt: &Attempt) {
        let alike = |kind: &&mut AttemptKind| {
            (kind.first.judgement, kind.first.verdict) == (attempt.judgement, attempt.verdict)
        };
        match self.kinds.iter_mut().find(alike) {
            Some(kind) => kind.attempts += 1,
            None => self.kinds.push(AttemptKind { attempts: 1, first: attempt.clone() }),
        }
        self.samples.add(attempt);
        self.backends.add(attempt);
        let slower = |slowest: &Attempt| attempt.total_seconds > slowest.total_seconds;
        if attempt.has_latency() && self.slowest.as_ref().is_none_or(slower) {
            self.slowest = Some(attempt.clone());
        }
    }

    /// What they are together, as attempts at the check with this id.
    #[must_use]
    pub fn sum_up(self, check: u32) -> Summary {
        let Self { kinds, samples, slowest, backends } = self;
        let slowest = slowest.filter(|slowest| kinds.iter().all(|kind| kind.first != *slowest));
        let (latency, backends) = (samples.latency(), backends.sorted());
        Summary { check, address: None, kinds, latency, slowest, backends }
    }
}

impl Summary {
    /// The attempts by judgement.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for kind in &self.kinds {
            counts.add(kind.first.judgement, kind.attempts);
        }
        counts
    }

    /// The attempts that are kept as evidence: the first of each kind, then the slowest.
    #[must_use]
    pub fn evidence(&self) -> Vec<Attempt> {
        self.kinds.iter().map(|kind| &kind.first).chain(&self.slowest).cloned().collect()
    }
}

impl<'a> FromIterator<&'a Attempt> for Tally {
    fn from_iter<I: IntoIterator<Item = &'a Attempt>>(attempts: I) -> Self {
        let mut tally = Self::default();
        attempts.into_iter().for_each(|attempt| tally.add(attempt));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, Check, Facts, Judgement, Observation};

    #[test]
    fn attempts_are_counted_by_kind_and_the_first_and_the_slowest_are_kept() {
        use Observation::{Dropped, Open, Starved};
        let check = Check::new(7, "web", "10.0.0.7", Ask::tcp(80));
        let seen = [(Open, 0.1), (Dropped, 3.0), (Open, 0.4), (Open, 0.2), (Starved, 9.0)];
        let attempts = (0..).zip(seen).map(|(started, (observation, total_seconds))| {
            let started_seconds = f64::from(started);
            let facts = Facts { started_seconds, total_seconds, ..Facts::new(observation, "") };
            Attempt::new(&check, facts)
        });
        let attempts: Vec<Attempt> = attempts.collect();
        let summary = attempts.iter().collect::<Tally>().sum_up(check.id);

        let kinds = summary.kinds.iter();
        let kinds: Vec<_> =
            kinds.map(|k| (k.first.verdict, k.first.judgement, k.attempts)).collect();
        let expected = [
            (Open.into(), Judgement::Held, 3),
            (Dropped.into(), Judgement::Failed, 1),
            (Starved.into(), Judgement::Unknown, 1),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(summary.counts(), Counts { held: 3, failed: 1, unknown: 1 });
        assert_eq!(summary.latency.total.map(|total| total.median_seconds), Some(0.2));
        let kept: Vec<f64> = summary.evidence().iter().map(|kept| kept.started_seconds).collect();
        assert_eq!(kept, [0.0, 1.0, 4.0, 2.0], "the first of each kind, then the slowest answer");
        let wire = serde_json::to_string(&summary).expect("JSON");
        assert_eq!(serde_json::from_str::<Summary>(&wire).expect(&wire), summary);
    }

    #[test]
    fn one_attempt_is_its_own_evidence_once() {
        let check = Check::new(0, "web", "10.0.0.7", Ask::tcp(80));
        let attempt = Attempt::new(&check, Facts::new(Observation::Open, "connected"));
        let summary = [&attempt].into_iter().collect::<Tally>().sum_up(0);
        assert_eq!(summary.evidence(), [attempt]);
    }
}

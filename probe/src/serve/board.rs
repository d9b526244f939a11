//! What is known about each check.

use std::collections::BTreeMap;

use kubectl_pods_report::{Attempt, Check, CheckResults, Counts, Judgement, Verdict};

/// One check and what its attempts showed.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) check: Check,
    counts: Counts,
    verdicts: BTreeMap<Verdict, u64>,
    latest: Option<Attempt>,
    /// How the target was judged when that could last be told, and since when.
    state: Option<(Judgement, f64)>,
}

impl Entry {
    pub(super) fn new(check: &Check) -> Self {
        let check = check.clone();
        let counts = Counts::default();
        Self { check, counts, verdicts: BTreeMap::new(), latest: None, state: None }
    }

    /// Whether attempts at `check` belong here: these two name its series.
    pub(super) fn is_of(&self, check: &Check) -> bool {
        self.check.target == check.target && self.check.ask.protocol() == check.ask.protocol()
    }

    pub(super) fn take_in(&mut self, attempt: Attempt) {
        self.counts.add(attempt.judgement, 1);
        *self.verdicts.entry(attempt.verdict).or_default() += 1;
        // Attempts may overlap: one that began earlier and took longer is old news.
        if self
            .latest
            .as_ref()
            .is_some_and(|latest| latest.started_seconds > attempt.started_seconds)
        {
            return;
        }
        let (now, started) = (attempt.judgement, attempt.started_seconds);
        if now != Judgement::Unknown && self.state.is_none_or(|(before, _)| before != now) {
            self.state = Some((now, started));
        }
        self.latest = Some(attempt);
    }

    /// For whoever asks: without what may be a secret.
    pub(super) fn public(&self) -> CheckResults {
        let check = Check { ask: self.check.ask.clone().without_secrets(), ..self.check.clone() };
        let latest = self.latest.clone().map(|attempt| Attempt { check: check.id, ..attempt });
        CheckResults {
            check,
            counts: self.counts,
            verdicts: self.verdicts.clone(),
            latest,
            judgement: self.state.map(|(judgement, _)| judgement),
            since_seconds: self.state.map(|(_, since)| since),
        }
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Facts, Observation};

    use super::*;

    #[test]
    fn the_state_turns_with_conclusive_attempts_only() {
        let check = Check::new(7, "web", "10.0.0.7", Ask::tcp(80));
        let mut entry = Entry::new(&check);
        let steps = [
            ("first", 1.0, Observation::Open, (Judgement::Held, 1.0)),
            ("still open", 2.0, Observation::Open, (Judgement::Held, 1.0)),
            ("starved tells nothing", 3.0, Observation::Starved, (Judgement::Held, 1.0)),
            ("gone", 4.0, Observation::Dropped, (Judgement::Failed, 4.0)),
            ("gone in another way", 5.0, Observation::Refused, (Judgement::Failed, 4.0)),
            ("old news", 2.5, Observation::Open, (Judgement::Failed, 4.0)),
            ("back", 6.0, Observation::Open, (Judgement::Held, 6.0)),
        ];
        for (name, started_seconds, observation, state) in steps {
            let facts = Facts { started_seconds, ..Facts::new(observation, "") };
            entry.take_in(Attempt::new(&check, facts));
            let public = entry.public();
            assert_eq!(public.judgement.zip(public.since_seconds), Some(state), "{name}");
        }
        let public = entry.public();
        let open = public.verdicts.iter().find(|(verdict, _)| verdict.as_str() == "open");
        assert_eq!(open.map(|(_, count)| *count), Some(4));
        assert_eq!(public.counts, Counts { held: 4, failed: 2, unknown: 1 });
        assert_eq!(public.latest.map(|latest| latest.started_seconds), Some(6.0));
    }
}

//! What is known about each check.

use std::collections::BTreeMap;

use kubectl_pods_report::{
    Attempt, Check, CheckResults, Counts, Judgement, STANDBY_PAUSE, Verdict,
};

use crate::prober::Round;

/// One check and what its attempts showed.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) check: Check,
    counts: Counts,
    verdicts: BTreeMap<Verdict, u64>,
    latest: Option<Attempt>,
    /// All of its round.
    each: Vec<Attempt>,
    /// What stands by, as it was when it was last asked.
    pub(super) direct: Vec<Attempt>,
    /// How the target was judged when that could last be told, and since when.
    state: Option<(Judgement, f64)>,
}

impl Entry {
    pub(super) fn new(check: &Check) -> Self {
        let check = check.clone();
        let counts = Counts::default();
        let (verdicts, each, direct) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { check, counts, verdicts, latest: None, each, direct, state: None }
    }

    /// Whether attempts at `check` belong here: these two name its series.
    pub(super) fn is_of(&self, check: &Check) -> bool {
        self.check.target == check.target && self.check.ask.protocol() == check.ask.protocol()
    }

    pub(super) fn take_in(&mut self, round: Round) {
        let Round { attempt, each } = round;
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
        self.each = each;
    }

    /// For whoever asks: without what may be a secret.
    pub(super) fn public(&self) -> CheckResults {
        let check = Check { ask: self.check.ask.clone().without_secrets(), ..self.check.clone() };
        let told = |attempt: &Attempt| Attempt { check: check.id, ..attempt.clone() };
        let (latest, each) = (self.latest.as_ref().map(told), self.each.iter().map(told).collect());
        let direct = self.direct_now().map(told).collect();
        CheckResults {
            check,
            counts: self.counts,
            verdicts: self.verdicts.clone(),
            latest,
            judgement: self.state.map(|(judgement, _)| judgement),
            since_seconds: self.state.map(|(_, since)| since),
            each,
            direct,
        }
    }

    /// What stands by, as far as it was asked at the time of the latest attempt. What it was like in an earlier trouble says
    /// nothing about this one.
    fn direct_now(&self) -> impl Iterator<Item = &Attempt> {
        let failed = self.latest.iter().filter(|latest| latest.judgement == Judgement::Failed);
        failed.flat_map(|latest| {
            // While there is trouble, it is asked every `STANDBY_PAUSE`, or with each attempt if those are rarer.
            let earliest = latest.started_seconds - 2.0 * STANDBY_PAUSE.as_secs_f64();
            self.direct.iter().filter(move |direct| direct.started_seconds >= earliest)
        })
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
            let attempt = Attempt::new(&check, facts);
            entry.take_in(Round { attempt, each: Vec::new() });
            let public = entry.public();
            assert_eq!(public.judgement.zip(public.since_seconds), Some(state), "{name}");
        }
        let public = entry.public();
        let open = public.verdicts.iter().find(|(verdict, _)| verdict.as_str() == "open");
        assert_eq!(open.map(|(_, count)| *count), Some(4));
        assert_eq!(public.counts, Counts { held: 4, failed: 2, unknown: 1 });
        assert_eq!(public.latest.map(|latest| latest.started_seconds), Some(6.0));
    }

    #[test]
    fn what_stands_by_is_told_while_it_speaks_of_the_trouble_there_is() {
        let check = Check::new(7, "svc/web", "web.shop.svc", Ask::tcp(80));
        let attempt = |started_seconds, seen| {
            Attempt::new(&check, Facts { started_seconds, ..Facts::new(seen, "") })
        };
        let mut entry = Entry::new(&check);
        entry.direct = vec![attempt(100.0, Observation::Refused)];
        let cases = [
            ("the trouble that it was asked for", 99.9, Observation::Dropped, 1),
            ("the same trouble", 110.0, Observation::Dropped, 1),
            ("no trouble", 111.0, Observation::Open, 0),
            ("it comes and goes", 112.0, Observation::Dropped, 1),
            ("another trouble, much later", 3600.0, Observation::Dropped, 0),
        ];
        for (name, started_seconds, seen, told) in cases {
            let attempt = attempt(started_seconds, seen);
            entry.take_in(Round { attempt, each: Vec::new() });
            assert_eq!(entry.public().direct.len(), told, "{name}");
        }
    }
}

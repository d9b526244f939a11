//! Results that say nothing about their targets, because somebody else in the pod was not ready yet: until the proxy of
//! a service mesh is, whatever the probe sends is refused within the pod.
//!
//! The probe starts by itself and knows nothing of the others. So what it brings is doubted when the pod has one that was
//! not seen to be ready before the first word came, and something failed. Then that other is waited for, and a second
//! probe begins its work as much later ([`mod@super::second`]).

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Attempt, Check, Facts, Judgement, Observation};
use tokio::time::{Instant, timeout};

use super::{
    probe_job::{ProbeJob, Seen},
    probe_pod,
    stream::{Doubt, Results},
};
use crate::pods::{self, sidecars, unready_sidecars};

impl ProbeJob<'_> {
    /// Takes note of a word of the probe's as it was said, and with the first of who beside it is not ready at that moment.
    pub(super) fn hear(&self) {
        self.hear_beside(unready_sidecars);
    }

    /// The same of words that come late: who was not ready when they were said is not known any more.
    pub(super) fn hear_late(&self) {
        self.hear_beside(sidecars);
    }

    fn hear_beside(&self, who: impl FnOnce(&Pod, &str) -> Vec<String>) {
        self.heard.set(Some(Instant::now()));
        if self.first_heard.get().is_none() {
            self.first_heard.set(Some(Instant::now()));
            let pod = self.pod();
            self.unready.replace(pod.map_or_else(Vec::new, |pod| who(&pod, probe_pod::CONTAINER)));
        }
    }

    /// The same results, with what there is to doubt about them. Waits for those who were not ready, until the probe has had
    /// its time to start.
    pub(super) async fn doubted(&self, results: Results, begun: Instant) -> Results {
        let sidecars = self.unready.take();
        if sidecars.is_empty() || !results.has_failures() {
            return results;
        }
        let left = self.placement.start_limit.saturating_sub(begun.elapsed());
        let mut seen = self.seen.subscribe();
        let is_ready = |seen: &Seen| match seen {
            Seen::Pod(pod) => unready_sidecars(pod, probe_pod::CONTAINER).is_empty(),
            _ => false,
        };
        // A native sidecar ends with the pod, and is never ready then.
        let has_ended = |seen: &Seen| match seen {
            Seen::Pod(pod) => pods::has_ended(pod),
            seen => matches!(seen, Seen::Gone(_)),
        };
        let is_settled = |seen: &Seen| is_ready(seen) || has_ended(seen);
        let in_time = match timeout(left, seen.wait_for(is_settled)).await {
            Ok(Ok(seen)) => is_ready(&seen),
            _ => false,
        };
        let first = self.first_heard.get().filter(|_| in_time);
        let doubt = Doubt { sidecars, later: first.map(|first| first.elapsed()) };
        Results { doubt: Some(doubt), ..results }
    }
}

impl Results {
    /// Whether anything failed.
    fn has_failures(&self) -> bool {
        let summed_up = self.summaries.iter().any(|summary| summary.counts().failed > 0);
        summed_up || self.failures().next().is_some()
    }

    fn failures(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| attempt.judgement == Judgement::Failed)
    }

    /// How much later another probe should begin its work, if that may bring more. Only a refused connection has sent
    /// nothing, so that nothing is done twice.
    pub(super) fn worth_another(&self) -> Option<Duration> {
        let later = self.doubt.as_ref()?.later?;
        let nothing_sent = |attempt: &Attempt| attempt.observation == Observation::Refused;
        (self.summaries.is_empty() && self.failures().all(nothing_sent)).then_some(later)
    }

    /// What may be said in spite of the doubt: that what was reached was reached. Nothing else is known.
    ///
    /// # Errors
    ///
    /// When attempts were summed up, so that they cannot be told apart.
    pub(super) fn settled(mut self, checks: &[Check]) -> Result<Self, String> {
        let Some(doubt) = &self.doubt else { return Ok(self) };
        let why = why(&doubt.sidecars);
        if !self.summaries.is_empty() {
            return Err(why);
        }
        self.standby.retain(|attempt| attempt.judgement == Judgement::Held);
        for attempt in &mut self.attempts {
            let check = checks.iter().find(|check| check.id == attempt.check);
            if attempt.judgement == Judgement::Failed
                && let Some(check) = check
            {
                *attempt = not_run(check, attempt, &why);
            }
        }
        Ok(self)
    }
}

/// What is left of a failed `attempt` at `check` beside which these containers were not ready: nothing that is known.
#[must_use]
pub(crate) fn taken_back(check: &Check, attempt: &Attempt, sidecars: &[String]) -> Attempt {
    not_run(check, attempt, &why(sidecars))
}

fn why(sidecars: &[String]) -> String {
    format!(
        "container {} beside the probe was not ready when this was tried, and until then a failure says nothing about the target; --no-sidecar leaves out what a service mesh puts there",
        sidecars.join(", ")
    )
}

fn not_run(check: &Check, attempt: &Attempt, why: &str) -> Attempt {
    let facts = Facts {
        address: attempt.address,
        started_seconds: attempt.started_seconds,
        total_seconds: attempt.total_seconds,
        ..Facts::new(Observation::NotRun, why)
    };
    Attempt::new(check, facts)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Tally};

    use super::*;

    fn check() -> Check {
        Check::new(0, "web", "10.0.0.7", Ask::tcp(80))
    }

    fn results(seen: &[Observation], later: Option<u64>) -> Results {
        let attempt = |seen: &Observation| Attempt::new(&check(), Facts::new(*seen, seen.as_str()));
        let doubt =
            Doubt { sidecars: vec!["mesh".to_owned()], later: later.map(Duration::from_secs) };
        Results {
            attempts: seen.iter().map(attempt).collect(),
            doubt: Some(doubt),
            ..Results::default()
        }
    }

    #[test]
    fn what_was_reached_counts_and_a_failure_does_not() {
        use Observation::{Dropped, NotRun, Open, Refused};
        let settled =
            results(&[Open, Refused, Dropped], None).settled(&[check()]).expect("told apart");
        let seen: Vec<_> = settled.attempts.iter().map(|attempt| attempt.observation).collect();
        assert_eq!(seen, [Open, NotRun, NotRun]);
        assert_eq!(settled.attempts[1].judgement, Judgement::Unknown);
        assert!(settled.attempts[1].message.contains("container mesh"), "{settled:?}");
        let summary = settled.attempts.iter().collect::<Tally>().sum_up(0);
        let summed_up = Results { summaries: vec![summary], ..results(&[], None) };
        assert!(summed_up.settled(&[check()]).is_err());
    }

    #[test]
    fn only_what_sent_nothing_is_done_again() {
        use Observation::{Dropped, Open, Refused};
        let cases = [
            (&[Refused][..], Some(3), Some(3)),
            (&[Open, Refused], Some(3), Some(3)),
            (&[Refused], None, None),
            (&[Refused, Dropped], Some(3), None),
        ];
        for (seen, later, expected) in cases {
            let again = results(seen, later).worth_another();
            assert_eq!(again, expected.map(Duration::from_secs), "{seen:?}");
        }
        assert_eq!(Results { doubt: None, ..results(&[Refused], Some(3)) }.worth_another(), None);
    }
}

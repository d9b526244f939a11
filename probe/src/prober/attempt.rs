//! One attempt at one check, from the clock to the judgement.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "serve")]
use futures_util::future::join_all;
#[cfg(feature = "serve")]
use kubectl_pods_report::Judgement;
use kubectl_pods_report::{Attempt, Facts, MAX_ADDRESSES};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::failure::Failure;
use super::observe::observe;
use super::{Context, Machine, Piece, Prepared, Trace};
use crate::text::printable;

/// How long a closer look may take at most: who waits for the report of a failure knows of none.
const CLOSER_LOOK: Duration = Duration::from_secs(2);

impl Machine {
    /// Reads now what attempts at `checks` will need, so that none has to wait for it.
    pub(crate) fn prepare(&self, checks: &[Prepared]) {
        for Prepared { check, prober } in checks {
            self.resolver.prepare(check);
            prober.prepare(self);
        }
    }

    /// Tries `prepared` once: at `only` of the addresses of its host, or at the first. Pieces of an answer that is to be
    /// returned go to `answer`.
    pub(crate) async fn attempt(
        &self,
        prepared: &Prepared,
        only: Option<IpAddr>,
        answer: &mpsc::Sender<Piece>,
    ) -> Attempt {
        let Prepared { check, prober } = prepared;
        let connect_limit = Duration::from_secs_f64(check.limits.connect_seconds);
        let context = Context { check, only, connect_limit, machine: self, answer };
        let limit = Duration::from_secs_f64(check.limits.total_seconds);
        let started_seconds = unix_seconds();
        let begun = Instant::now();
        let window = self.watch.open();
        let mut trace = Trace::default();
        let result = match timeout(limit, prober.ask(context, &mut trace)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut),
        };
        let total = begun.elapsed();
        trace.evidence.starvation = Some(window.close());
        trace.question_the_kernel(result.as_ref().err());
        if let Err(failure) = &result {
            let look = prober.look_closer(context, failure, &mut trace);
            let _ = timeout(limit.saturating_sub(total).min(CLOSER_LOOK), look).await; // It may find nothing in time.
        }
        if let Some(hop) = trace.close_hop() {
            let _ = answer.send(Piece::Hop(hop)).await; // Nobody listens when the run is over.
        }
        let at = trace.at.take();
        let check = at.as_deref().unwrap_or(check);
        let (observation, message) = observe(check, &trace, result, started_seconds, total);
        let facts = Facts {
            address: trace.address,
            started_seconds,
            total_seconds: total.as_secs_f64(),
            phases: trace.phases,
            details: trace.details,
            evidence: trace.evidence,
            ..Facts::new(observation, printable(&message))
        };
        Attempt::new(check, facts)
    }
}

#[cfg(feature = "serve")]
impl Machine {
    /// Tries every place that `prepared` leads to at once; the worst of the attempts speaks for all.
    pub(crate) async fn attempt_everywhere(
        &self,
        prepared: &Prepared,
        answer: &mpsc::Sender<Piece>,
    ) -> Round {
        let places = self.places(prepared).await;
        let attempts = places.into_iter().map(|only| self.attempt(prepared, only, answer));
        let mut attempts = join_all(attempts).await;
        let is_telling = attempts.len() > 1 && attempts.iter().any(is_bad);
        let each = if is_telling { attempts.clone() } else { Vec::new() };
        let attempt = match attempts.pop() {
            Some(last) => worst(last, attempts),
            None => self.attempt(prepared, None, answer).await,
        };
        Round { attempt, each }
    }
}

/// What one try of a check at all its places came to.
#[cfg(feature = "serve")]
pub(crate) struct Round {
    /// The attempt that speaks for all.
    pub(crate) attempt: Attempt,
    /// All of them, if they are several and not all as expected.
    pub(crate) each: Vec<Attempt>,
}

#[cfg(feature = "serve")]
fn is_bad(attempt: &Attempt) -> bool {
    attempt.judgement != Judgement::Held
}

impl Machine {
    /// Where attempts at `prepared` go: at the first address of its host, or at each. At least one.
    pub(crate) async fn places(&self, prepared: &Prepared) -> Vec<Option<IpAddr>> {
        let check = &prepared.check;
        if !check.every_address {
            return vec![None];
        }
        let limit = Duration::from_secs_f64(check.limits.connect_seconds);
        let mut trace = Trace::default();
        let found = timeout(limit, self.resolver.addresses(check, &mut trace)).await;
        match found {
            Ok(Ok(addresses)) if !addresses.is_empty() => {
                addresses.into_iter().take(MAX_ADDRESSES as usize).map(Some).collect()
            }
            _ => vec![None], // The attempt will tell.
        }
    }
}

/// The attempt that counts: one that failed, else one of which one cannot tell, else the slowest.
#[cfg(feature = "serve")]
fn worst(one: Attempt, others: Vec<Attempt>) -> Attempt {
    let gravity = |attempt: &Attempt| match attempt.judgement {
        Judgement::Failed => (2, attempt.total_seconds),
        Judgement::Unknown => (1, attempt.total_seconds),
        Judgement::Held => (0, attempt.total_seconds),
    };
    let all = others.len() + 1;
    let bad = others.iter().chain([&one]).filter(|attempt| is_bad(attempt)).count();
    let mut worst = others
        .into_iter()
        .fold(one, |worst, other| if gravity(&other) > gravity(&worst) { other } else { worst });
    if all > 1 && bad > 0 {
        let message = format!("{bad} of {all} addresses, one of them: {}", worst.message);
        worst.message = printable(&message);
    }
    worst
}

/// Unix time now.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(all(test, feature = "serve"))]
mod tests {
    use kubectl_pods_report::{Ask, Check, Observation};

    use super::*;

    #[test]
    fn of_several_addresses_the_worst_speaks() {
        use Observation::{Open, Refused, Starved};
        let check = Check::new(0, "web", "web", Ask::tcp(80));
        let made = |seen: &[(Observation, f64)]| {
            let attempts = seen.iter().map(|(observation, total_seconds)| {
                let facts = Facts::new(*observation, observation.as_str());
                Attempt::new(&check, Facts { total_seconds: *total_seconds, ..facts })
            });
            let mut attempts: Vec<Attempt> = attempts.collect();
            let worst = worst(attempts.remove(0), attempts);
            (worst.observation, worst.total_seconds, worst.message)
        };
        let cases = [
            (vec![(Open, 0.1)], (Open, 0.1, "open")),
            (vec![(Refused, 0.1)], (Refused, 0.1, "refused")),
            (vec![(Open, 0.1), (Open, 0.3), (Open, 0.2)], (Open, 0.3, "open")),
            (
                vec![(Open, 9.0), (Starved, 5.0), (Refused, 0.1)],
                (Refused, 0.1, "2 of 3 addresses, one of them: refused"),
            ),
            (
                vec![(Open, 9.0), (Starved, 5.0)],
                (Starved, 5.0, "1 of 2 addresses, one of them: starved"),
            ),
        ];
        for (seen, (observation, total, message)) in cases {
            assert_eq!(made(&seen), (observation, total, message.to_owned()), "{seen:?}");
        }
    }
}

//! One attempt at one check, from the clock to the judgement.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kubectl_pods_report::{Attempt, Facts};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::failure::Failure;
use super::observe::observe;
use super::{Context, Machine, Piece, Prepared, Trace};
use crate::text::printable;

impl Machine {
    /// Reads now what attempts at `checks` will need, so that none has to wait for it.
    pub(crate) fn prepare(&self, checks: &[Prepared]) {
        for Prepared { check, prober } in checks {
            self.resolver.prepare(&check.host);
            prober.prepare(self);
        }
    }

    /// Tries `prepared` once. Pieces of an answer that is to be returned go to `answer`.
    pub(crate) async fn attempt(
        &self,
        prepared: &Prepared,
        answer: &mpsc::Sender<Piece>,
    ) -> Attempt {
        let Prepared { check, prober } = prepared;
        let connect_limit = Duration::from_secs_f64(check.limits.connect_seconds);
        let context = Context { host: &check.host, connect_limit, machine: self, answer };
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
        let (observation, message) = observe(check, &trace, result, total);
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

/// Unix time now.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

//! The probe on this machine, in this process: no cluster needed.

use kubectl_pods_report::{Plan, Source};

use super::{
    outcome::{Brought, Outcome},
    stream::Reader,
};
use crate::signals::Signals;

/// Runs `plan` from here.
///
/// # Errors
///
/// When the plan is refused.
pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let mut reader = Reader::default();
    // The records are the same as those of a pod's log, and are judged by the same rules.
    let probing = probe::run(plan, |record| {
        reader.record(record);
        Ok(())
    });
    tokio::select! {
        exit = signals.next() => return Ok(Outcome::Stopped(exit)),
        done = probing => done?,
    }
    let source = Source { here: true, ..Source::default() };
    Ok(Outcome::Done(vec![Brought::new(source, reader.finish())]))
}

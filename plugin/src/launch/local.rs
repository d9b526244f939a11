//! The probe on this machine, in this process: no cluster needed.

use kubectl_pods_report::{Plan, Source};

use super::{outcome::Brought, stream::Reader};
use crate::{exit::Exit, signals::Signals};

/// Runs `plan` from here, and gives what it brought to `tell`.
///
/// # Errors
///
/// When the plan is refused, and those of `tell`.
pub(crate) async fn run(
    plan: &Plan,
    tell: impl AsyncFnOnce(Vec<Brought>) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    let mut reader = Reader::default();
    // The records are the same as those of a pod's log, and are judged by the same rules.
    let probing = probe::run(plan, |record| {
        reader.record(record);
        Ok(())
    });
    tokio::select! {
        exit = signals.next() => return Ok(exit),
        done = probing => done?,
    }
    let source = Source { here: true, ..Source::default() };
    tell(vec![Brought::new(source, reader.finish())]).await
}

//! Endpoints that stand by: asked only when the check in front of them has trouble.

use std::time::Duration;

use futures_util::future::join_all;
use kubectl_pods_report::{Attempt, Check, Judgement, Record};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::prober::{Machine, Prepared};

/// How long a check may be silent before its standby is asked beside it. Waiting for its end would double the time that a
/// target takes that does not answer; within a cluster a handshake takes a hundredth of this.
const SILENCE: Duration = Duration::from_millis(250);

/// Waits for trouble among `judgements`, those of the attempts at `prepared`, and then asks everything that stands by, all
/// of it at once. Ends without a word when the attempts do and there was none.
pub(crate) async fn stand_by(
    machine: &Machine,
    prepared: &Prepared,
    judgements: mpsc::UnboundedReceiver<Judgement>,
    records: &mpsc::Sender<Record>,
) {
    if prepared.check.standby.is_empty() || !is_trouble(judgements).await {
        return;
    }
    let stand_ins = stand_ins(&prepared.check);
    let asked = stand_ins.iter().map(|stand_in| async move {
        let attempt = ask(machine, stand_in).await;
        let _ = records.send(Record::Standby(Box::new(attempt))).await;
    });
    join_all(asked).await;
}

/// What stands by for `check`, ready to be asked.
pub(crate) fn stand_ins(check: &Check) -> Vec<Prepared> {
    // A handshake with an address needs nothing that could be refused.
    check.standby.iter().filter_map(|s| Prepared::new(&check.stand_in(s), None).ok()).collect()
}

/// Asks all of `stand_ins` at once.
#[cfg(feature = "serve")]
pub(crate) async fn ask_all(machine: &Machine, stand_ins: &[Prepared]) -> Vec<Attempt> {
    join_all(stand_ins.iter().map(|stand_in| ask(machine, stand_in))).await
}

async fn ask(machine: &Machine, stand_in: &Prepared) -> Attempt {
    let (sender, _) = mpsc::channel(1); // No answer is returned.
    machine.attempt(stand_in, None, &sender).await
}

async fn is_trouble(mut judgements: mpsc::UnboundedReceiver<Judgement>) -> bool {
    let Ok(first) = timeout(SILENCE, judgements.recv()).await else { return true };
    let mut judgement = first;
    while let Some(Judgement::Held | Judgement::Unknown) = judgement {
        judgement = judgements.recv().await;
    }
    judgement == Some(Judgement::Failed)
}

#[cfg(test)]
mod tests {
    use Judgement::{Failed, Held, Unknown};

    use super::*;

    #[tokio::test]
    async fn a_failure_and_silence_are_trouble() {
        let cases: [(&str, &[Judgement], bool); 5] = [
            ("all well", &[Held, Held], false),
            ("our own trouble", &[Unknown], false),
            ("failed", &[Failed], true),
            ("the last one failed", &[Held, Unknown, Failed], true),
            ("nothing was tried", &[], false),
        ];
        for (name, made, expected) in cases {
            let (sender, judgements) = mpsc::unbounded_channel();
            for judgement in made {
                sender.send(*judgement).expect("it is read");
            }
            drop(sender);
            assert_eq!(is_trouble(judgements).await, expected, "{name}");
        }
        let (_sender, judgements) = mpsc::unbounded_channel();
        assert!(is_trouble(judgements).await, "silent");
    }
}

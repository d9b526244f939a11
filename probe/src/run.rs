//! One shot: carry out a plan once and write down everything as numbered records.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use futures_util::stream;
use kubectl_pods_report::{
    Attempt, CONCURRENT_CHECKS, Details, Numbered, Plan, Record, Tally, WIRE_VERSION,
};
use tokio::sync::mpsc;

use crate::plan::CheckedPlan;
use crate::prober::{Machine, Piece, Prepared};

/// Records that may wait to be written; it is this that makes a body pass through instead of piling up.
const WAITING_RECORDS: usize = 16;

/// Carries out `plan` once. Failed attempts are records like all others.
///
/// Records of one check come in order; those of different checks as they finish.
///
/// # Errors
///
/// `InvalidInput` with a [`crate::PlanError`] inside when the plan is refused, before anything was emitted; otherwise what
/// `emit` returns, at once.
pub async fn run(plan: &Plan, emit: impl FnMut(Numbered) -> io::Result<()>) -> io::Result<()> {
    let checked = CheckedPlan::try_from(plan)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut log = Log { next: 0, emit };
    let (attempts, summaries) = if checked.is_summed_up {
        (0, checked.checks.len() as u64)
    } else {
        (plan.all_attempts(), 0)
    };
    log.write(Record::Start {
        version: WIRE_VERSION,
        probe: crate::VERSION.to_owned(),
        attempts,
        summaries,
    })?;
    let truncated = carry_out(&checked, |record| log.write(record)).await?;
    log.write(Record::End { truncated })
}

/// Everything between the first and the last record; tells whether any body was cut.
async fn carry_out(
    plan: &CheckedPlan,
    mut write: impl FnMut(Record) -> io::Result<()>,
) -> io::Result<bool> {
    let machine = Machine::new();
    machine.prepare(&plan.checks);
    let truncated = AtomicBool::new(false);
    let (sender, mut records) = mpsc::channel(WAITING_RECORDS);
    let work = async {
        let tried = stream::iter(&plan.checks)
            .map(|check| repeat(&machine, plan, check, sender.clone(), &truncated));
        tried.buffer_unordered(CONCURRENT_CHECKS).collect::<()>().await;
        drop(sender);
        Ok(())
    };
    let writing = async {
        while let Some(record) = records.recv().await {
            write(record)?;
        }
        Ok(())
    };
    tokio::select! {
        result = async { tokio::try_join!(work, writing) } => result.map(|_| truncated.load(Ordering::Relaxed)),
        never = machine.watch.tick() => match never {},
    }
}

/// Tries one check as often as `plan` asks, one attempt after the other.
async fn repeat(
    machine: &Machine,
    plan: &CheckedPlan,
    prepared: &Prepared,
    records: mpsc::Sender<Record>,
    truncated: &AtomicBool,
) {
    // Nobody reads any more only when writing has failed, and then this future is about to be dropped.
    let mut tally = Tally::default();
    for _ in 0..plan.attempts {
        let attempt = try_once(machine, prepared, &records).await;
        let is_cut = attempt.details.as_ref().is_some_and(Details::is_truncated);
        truncated.fetch_or(is_cut, Ordering::Relaxed);
        if plan.is_summed_up {
            tally.add(&attempt);
        } else {
            let _ = records.send(Record::Attempt(Box::new(attempt))).await;
        }
    }
    if plan.is_summed_up {
        let summary = tally.sum_up(prepared.check.id);
        let _ = records.send(Record::Summary(Box::new(summary))).await;
    }
}

/// Makes one attempt, and sends on what it is to return while it comes.
async fn try_once(
    machine: &Machine,
    prepared: &Prepared,
    records: &mpsc::Sender<Record>,
) -> Attempt {
    let (sender, mut pieces) = mpsc::channel(1);
    let attempt = async {
        let attempt = machine.attempt(prepared, &sender).await;
        drop(sender);
        attempt
    };
    let forward = async {
        while let Some(piece) = pieces.recv().await {
            let _ = records.send(record_of(prepared.check.id, piece)).await;
        }
    };
    tokio::join!(attempt, forward).0
}

fn record_of(check: u32, piece: Piece) -> Record {
    match piece {
        Piece::Head(head) => Record::Head {
            check,
            version: head.version,
            status: head.status,
            reason: head.reason,
            headers: head.fields,
        },
        Piece::Body(data) => Record::Body { check, base64: STANDARD.encode(data) },
    }
}

/// Numbers records on their way out.
struct Log<E> {
    next: u64,
    emit: E,
}

impl<E: FnMut(Numbered) -> io::Result<()>> Log<E> {
    fn write(&mut self, record: Record) -> io::Result<()> {
        let n = self.next;
        self.next += 1;
        (self.emit)(Numbered { n, record })
    }
}

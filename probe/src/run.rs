//! One shot: carry out a plan once and write down everything as numbered records.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use futures_util::stream;
use kubectl_pods_report::{
    Attempt, CONCURRENT_CHECKS, Hop, Judgement, Numbered, Plan, Record, Summary, Tally,
    WIRE_VERSION,
};
use tokio::sync::mpsc;

use crate::plan::CheckedPlan;
use crate::prober::{Machine, Piece, Prepared};
use crate::standby::stand_by;

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
    let machine = Machine::new();
    machine.prepare(&checked.checks);
    let truncated = tokio::select! {
        truncated = carry_out(&machine, &checked, |record| log.write(record)) => truncated?,
        never = machine.watch.tick() => match never {},
    };
    log.write(Record::End { truncated })
}

/// One check at one place.
struct Place<'a> {
    prepared: &'a Prepared,
    /// One address of its host, if every one is to be tried.
    only: Option<IpAddr>,
}

/// Everything before the last record; tells whether any body was cut.
async fn carry_out(
    machine: &Machine,
    plan: &CheckedPlan,
    mut write: impl FnMut(Record) -> io::Result<()>,
) -> io::Result<bool> {
    let places = places(machine, &plan.checks).await;
    write(start(plan, places.len() as u64))?;
    let truncated = AtomicBool::new(false);
    let (sender, mut records) = mpsc::channel(WAITING_RECORDS);
    let work = async {
        let tried = stream::iter(&places)
            .map(|place| carry_out_one(machine, plan, place, sender.clone(), &truncated));
        tried.buffer_unordered(CONCURRENT_CHECKS).collect::<()>().await;
        drop(sender);
        io::Result::Ok(())
    };
    let writing = async {
        while let Some(record) = records.recv().await {
            write(record)?;
        }
        Ok(())
    };
    tokio::try_join!(work, writing)?;
    Ok(truncated.load(Ordering::Relaxed))
}

fn start(plan: &CheckedPlan, places: u64) -> Record {
    let (attempts, summaries) = if plan.is_summed_up {
        (0, places)
    } else {
        (places.saturating_mul(u64::from(plan.attempts)), 0)
    };
    let probe = crate::VERSION.to_owned();
    Record::Start { version: WIRE_VERSION, probe, attempts, summaries }
}

/// Where the checks lead. Only those of which every address is to be tried take time for it.
async fn places<'a>(machine: &Machine, checks: &'a [Prepared]) -> Vec<Place<'a>> {
    let found = stream::iter(checks).map(|prepared| async move {
        let places = machine.places(prepared).await;
        stream::iter(places.into_iter().map(move |only| Place { prepared, only }))
    });
    found.buffered(CONCURRENT_CHECKS).flatten().collect().await
}

/// Everything about one place: its attempts, and what stands by for its check.
async fn carry_out_one(
    machine: &Machine,
    plan: &CheckedPlan,
    place: &Place<'_>,
    records: mpsc::Sender<Record>,
    truncated: &AtomicBool,
) {
    let (told, judgements) = mpsc::unbounded_channel();
    tokio::join!(
        repeat(machine, plan, place, &records, told, truncated),
        stand_by(machine, place.prepared, judgements, &records),
    );
}

/// Tries one place as often as `plan` asks, one attempt after the other, and tells how each was judged.
async fn repeat(
    machine: &Machine,
    plan: &CheckedPlan,
    place: &Place<'_>,
    records: &mpsc::Sender<Record>,
    told: mpsc::UnboundedSender<Judgement>,
    truncated: &AtomicBool,
) {
    // Nobody reads any more only when writing has failed, and then this future is about to be dropped.
    let mut tally = Tally::default();
    for _ in 0..plan.attempts {
        let attempt = try_once(machine, place, records).await;
        let _ = told.send(attempt.judgement); // Nobody listens once there is trouble.
        let is_cut = attempt.http().is_some_and(|http| http.truncated);
        truncated.fetch_or(is_cut, Ordering::Relaxed);
        if plan.is_summed_up {
            tally.add(&attempt);
        } else {
            let _ = records.send(Record::Attempt(Box::new(attempt))).await;
        }
    }
    if plan.is_summed_up {
        let summary = tally.sum_up(place.prepared.check.id);
        let summary = Summary { address: place.only, ..summary };
        let _ = records.send(Record::Summary(Box::new(summary))).await;
    }
}

/// Makes one attempt, and sends on what it is to return while it comes.
async fn try_once(machine: &Machine, place: &Place<'_>, records: &mpsc::Sender<Record>) -> Attempt {
    let (sender, mut pieces) = mpsc::channel(1);
    let attempt = async {
        let attempt = machine.attempt(place.prepared, place.only, &sender).await;
        drop(sender);
        attempt
    };
    let forward = async {
        while let Some(piece) = pieces.recv().await {
            let _ = records.send(record_of(place.prepared.check.id, piece)).await;
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
            base64: STANDARD.encode(head.bytes),
        },
        Piece::Body(data) => Record::Body { check, base64: STANDARD.encode(data) },
        Piece::Hop(hop) => Record::Hop(Box::new(Hop { check, ..*hop })),
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

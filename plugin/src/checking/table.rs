//! A report as a table in kubectl's layout.

use kubectl_pods_report::{Attempt, Judgement, Report, Spread, TargetReport};
use table::{
    duration::latency,
    grid::{self, Cell, Line, Look, Role},
};

use crate::output::verdict;

/// What stands for a value that there is none of.
const NONE: &str = "<none>";
/// The column that has a colour.
const VERDICT: &str = "VERDICT";

type Column = (&'static str, fn(&Report, &TargetReport) -> Option<String>);

/// The report as lines; `wide` with phases, counts and source too.
#[must_use]
pub(super) fn draw(report: &Report, wide: bool, look: Look) -> String {
    let columns = columns(report, wide);
    let line = |target: &TargetReport| {
        let cell = |(title, value): &Column| match *title {
            VERDICT => verdict(target.verdict, target.judgement),
            _ => Cell::new(value(report, target).as_deref().unwrap_or(NONE), Role::Plain),
        };
        Line { cells: columns.iter().map(cell).collect(), group: None }
    };
    let titles: Vec<_> = columns.iter().map(|(title, _)| grid::Column::text(title)).collect();
    let lines: Vec<Line> = report.targets.iter().map(line).collect();
    grid::draw(&titles, &lines, look)
}

fn columns(report: &Report, with_all: bool) -> Vec<Column> {
    let repeated = report.targets.iter().any(|target| target.counts.total() > 1);
    let failed = report.targets.iter().any(|target| target.judgement != Judgement::Held);
    let mut columns: Vec<Column> = vec![("TARGET", |_, target| Some(target.target.clone()))];
    if report.sources.len() > 1 || with_all {
        columns.push(("FROM", from));
    }
    columns.push(("ADDRESS", |_, target| target.address.clone()));
    columns.push((VERDICT, |_, _| None));
    if repeated || with_all {
        columns.push(("HELD", |_, target| Some(share(target))));
    }
    columns.push(("CODE", |_, target| status(target)));
    columns.push(("CONNECT", |_, target| target.latency.connect.map(median)));
    columns.push(("RTT", |_, target| target.latency.rtt.map(median)));
    columns.push(("TOTAL", |_, target| target.latency.total.map(median)));
    if with_all {
        columns.extend(wide());
    }
    if failed || with_all {
        columns.push(("MESSAGE", |_, target| Some(target.message.clone())));
    }
    columns
}

fn wide() -> [Column; 5] {
    [
        ("MIN", |_, target| target.latency.total.map(|spread| latency(spread.min_seconds))),
        ("MAX", |_, target| target.latency.total.map(|spread| latency(spread.max_seconds))),
        ("TLS", |_, target| phase(target, |attempt| attempt.phases.tls_seconds)),
        ("PROCESSING", |_, target| phase(target, |attempt| attempt.phases.processing_seconds)),
        ("RETRANS", |_, target| retransmissions(target)),
    ]
}

/// The node, if it is known.
fn from(report: &Report, target: &TargetReport) -> Option<String> {
    let source = report.source_of(target)?;
    if source.here { Some("here".to_owned()) } else { source.node.clone() }
}

fn share(target: &TargetReport) -> String {
    format!("{}/{}", target.counts.held, target.counts.total())
}

fn status(target: &TargetReport) -> Option<String> {
    target.attempts.iter().rev().find_map(Attempt::http).map(|http| http.status.to_string())
}

fn median(spread: Spread) -> String {
    latency(spread.median_seconds)
}

fn phase(target: &TargetReport, of: fn(&Attempt) -> Option<f64>) -> Option<String> {
    let last = target.attempts.iter().rev().find(|attempt| attempt.has_latency());
    last.and_then(of).map(latency)
}

/// Over all attempts, as far as each of them was kept.
fn retransmissions(target: &TargetReport) -> Option<String> {
    if target.summed_up {
        return None;
    }
    let counts = target.attempts.iter().filter_map(|attempt| attempt.evidence.tcp_info);
    counts.map(|info| info.total_retrans).reduce(u32::saturating_add).map(|sum| sum.to_string())
}

//! A report as a table in kubectl's layout.

use kubectl_pods_report::{Attempt, Judgement, Report, Spread, TargetReport};
use table::align::{align, latency};

/// What stands for a value that there is none of.
const NONE: &str = "<none>";

/// Which columns to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Phases, counts and source too.
    pub wide: bool,
    /// The first line.
    pub headers: bool,
}

type Column = (&'static str, fn(&Report, &TargetReport) -> Option<String>);

/// The report as lines.
#[must_use]
pub(super) fn draw(report: &Report, style: Style) -> String {
    let repeated = report.targets.iter().any(|target| target.counts.total() > 1);
    let failed = report.targets.iter().any(|target| target.judgement != Judgement::Held);
    let mut columns: Vec<Column> = vec![
        ("TARGET", |_, target| Some(target.target.clone())),
        ("ADDRESS", |_, target| target.address.clone()),
        ("VERDICT", |_, target| Some(target.verdict.to_string())),
    ];
    if repeated || style.wide {
        columns.push(("HELD", |_, target| Some(share(target))));
    }
    columns.push(("CODE", |_, target| status(target)));
    columns.push(("CONNECT", |_, target| target.latency.connect.map(median)));
    columns.push(("RTT", |_, target| target.latency.rtt.map(median)));
    columns.push(("TOTAL", |_, target| target.latency.total.map(median)));
    if style.wide {
        columns.extend(wide());
    }
    if failed || style.wide {
        columns.push(("MESSAGE", |_, target| Some(target.message.clone())));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    if style.headers {
        rows.push(columns.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
    for target in &report.targets {
        let cell = |(_, value): &Column| value(report, target).unwrap_or_else(|| NONE.to_owned());
        rows.push(columns.iter().map(cell).collect());
    }
    align(&rows)
}

fn wide() -> [Column; 6] {
    [
        ("MIN", |_, target| target.latency.total.map(|spread| latency(spread.min_seconds))),
        ("MAX", |_, target| target.latency.total.map(|spread| latency(spread.max_seconds))),
        ("TLS", |_, target| phase(target, |attempt| attempt.phases.tls_seconds)),
        ("PROCESSING", |_, target| phase(target, |attempt| attempt.phases.processing_seconds)),
        ("RETRANS", |_, target| retransmissions(target)),
        ("FROM", |report, target| {
            let source = report.source_of(target)?;
            if source.here { Some("here".to_owned()) } else { source.node.clone() }
        }),
    ]
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

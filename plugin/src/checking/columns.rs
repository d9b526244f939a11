//! What can be told of a target's report: `probe.verdict`, `probe.rtt`.

use kubectl_pods_report::{Attempt, Report, Spread, TargetReport};
use table::{
    columns::{Named, Tabular, UnknownColumn, Value},
    duration::latency,
    grid::Role,
};

use crate::output;

/// One target, with the report that says where it was tried from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported<'r> {
    pub(super) report: &'r Report,
    pub(super) target: &'r TargetReport,
}

/// What is told of it. Times are medians over all attempts, or of the last one; in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Target,
    From,
    Address,
    Verdict,
    Held,
    Code,
    Connect,
    Rtt,
    Total,
    Min,
    Max,
    Tls,
    Processing,
    Retransmissions,
    Message,
}

/// All of them, in their order in a table.
pub(super) const COLUMNS: [Named<Column>; 15] = [
    Named::new(Column::Target, "probe.target", "TARGET", 0),
    Named::new(Column::From, "probe.from", "FROM", 0),
    Named::new(Column::Address, "probe.address", "ADDRESS", 0),
    Named::new(Column::Verdict, "probe.verdict", "VERDICT", 0),
    Named::new(Column::Held, "probe.held", "HELD", 0),
    Named::new(Column::Code, "probe.code", "CODE", 0),
    Named::new(Column::Connect, "probe.connect", "CONNECT", 2),
    Named::new(Column::Rtt, "probe.rtt", "RTT", 1),
    Named::new(Column::Total, "probe.total", "TOTAL", 0),
    Named::new(Column::Min, "probe.min", "MIN", 4),
    Named::new(Column::Max, "probe.max", "MAX", 4),
    Named::new(Column::Tls, "probe.tls", "TLS", 5),
    Named::new(Column::Processing, "probe.processing", "PROCESSING", 5),
    Named::new(Column::Retransmissions, "probe.retransmissions", "RETRANS", 6),
    Named::new(Column::Message, "probe.message", "MESSAGE", 0),
];

impl Tabular for Reported<'_> {
    type Column = Column;

    fn column(path: &str) -> Result<Column, UnknownColumn> {
        Named::find(path, &COLUMNS)
    }

    fn value(&self, column: &Column) -> Value {
        let Self { report, target } = self;
        let median = |spread: Option<Spread>| seconds(spread.map(|spread| spread.median_seconds));
        let total = target.latency.total;
        match column {
            Column::Target => Value::Text(target.target.clone()),
            Column::Address => text(target.address.clone()),
            Column::Verdict => Value::Text(target.verdict.as_str().to_owned()),
            Column::Held => {
                Value::Text(format!("{}/{}", target.counts.held, target.counts.total()))
            }
            Column::Code => {
                let http = target.attempts.iter().rev().find_map(Attempt::http);
                http.map_or(Value::Missing, |http| Value::Whole(http.status.into()))
            }
            Column::Connect => median(target.latency.connect),
            Column::Rtt => median(target.latency.rtt),
            Column::Total => median(total),
            Column::Min => seconds(total.map(|spread| spread.min_seconds)),
            Column::Max => seconds(total.map(|spread| spread.max_seconds)),
            Column::Tls => phase(target, |attempt| attempt.phases.tls_seconds),
            Column::Processing => phase(target, |attempt| attempt.phases.processing_seconds),
            Column::Retransmissions => retransmissions(target),
            Column::From => text(report.source_of(target).and_then(|source| {
                if source.here { Some("here".to_owned()) } else { source.node.clone() }
            })),
            Column::Message => Value::Text(target.message.clone()),
        }
    }

    fn text(_: &Column, value: &Value) -> String {
        match value {
            Value::Number(seconds) => latency(*seconds),
            value => value.to_string(),
        }
    }

    fn role(&self, column: &Column) -> Role {
        match column {
            Column::Verdict => output::role(self.target.judgement),
            _ => Role::Plain,
        }
    }
}

fn text(text: Option<String>) -> Value {
    text.map_or(Value::Missing, Value::Text)
}

fn seconds(seconds: Option<f64>) -> Value {
    seconds.map_or(Value::Missing, Value::Number)
}

fn phase(target: &TargetReport, of: fn(&Attempt) -> Option<f64>) -> Value {
    let last = target.attempts.iter().rev().find(|attempt| attempt.has_latency());
    seconds(last.and_then(of))
}

/// Over all attempts, as far as each of them was kept.
fn retransmissions(target: &TargetReport) -> Value {
    if target.summed_up {
        return Value::Missing;
    }
    let counts = target.attempts.iter().filter_map(|attempt| attempt.evidence.tcp_info);
    let sum = counts.map(|info| info.total_retrans).reduce(u32::saturating_add);
    sum.map_or(Value::Missing, |sum| Value::Whole(sum.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_path() {
        for named in COLUMNS {
            assert_eq!(Reported::column(named.path), Ok(named.column));
        }
        let error = Reported::column("probe.rt").unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("probe.rtt"));
    }
}

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
pub(super) enum ReportColumn {
    Target,
    From,
    Address,
    Addresses,
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
    Certificate,
    Message,
}

/// All of them, in their order in a table.
pub(super) const COLUMNS: [Named<ReportColumn>; 17] = [
    Named::new(ReportColumn::Target, "probe.target", "TARGET", 0),
    Named::new(ReportColumn::From, "probe.from", "FROM", 0),
    Named::new(ReportColumn::Address, "probe.address", "ADDRESS", 0),
    Named::new(ReportColumn::Verdict, "probe.verdict", "VERDICT", 0),
    Named::new(ReportColumn::Held, "probe.held", "HELD", 0),
    Named::new(ReportColumn::Code, "probe.code", "CODE", 0),
    Named::new(ReportColumn::Connect, "probe.connect", "CONNECT", 2),
    Named::new(ReportColumn::Rtt, "probe.rtt", "RTT", 1),
    Named::new(ReportColumn::Total, "probe.total", "TOTAL", 0),
    Named::new(ReportColumn::Min, "probe.min", "MIN", 4),
    Named::new(ReportColumn::Max, "probe.max", "MAX", 4),
    Named::new(ReportColumn::Tls, "probe.tls", "TLS", 5),
    Named::new(ReportColumn::Processing, "probe.processing", "PROCESSING", 5),
    Named::new(ReportColumn::Retransmissions, "probe.retransmissions", "RETRANS", 6),
    Named::new(ReportColumn::Certificate, "probe.certificate", "CERT", 5),
    Named::new(ReportColumn::Addresses, "probe.addresses", "ADDRESSES", 7),
    Named::new(ReportColumn::Message, "probe.message", "MESSAGE", 0),
];

impl Tabular for Reported<'_> {
    type Column = ReportColumn;

    fn column(path: &str) -> Result<ReportColumn, UnknownColumn> {
        Named::find(path, &COLUMNS)
    }

    fn value(&self, column: &ReportColumn) -> Value {
        let Self { report, target } = self;
        let median = |spread: Option<Spread>| seconds(spread.map(|spread| spread.median_seconds));
        let total = target.latency.total;
        match column {
            ReportColumn::Target => Value::Text(target.target.clone()),
            ReportColumn::Address => text(target.address.clone()),
            ReportColumn::Addresses => text(addresses(target)),
            ReportColumn::Verdict => Value::Text(target.verdict.as_str().to_owned()),
            ReportColumn::Held => {
                Value::Text(format!("{}/{}", target.counts.held, target.counts.total()))
            }
            ReportColumn::Code => {
                let http = target.attempts.iter().rev().find_map(Attempt::http);
                http.map_or(Value::Missing, |http| Value::Whole(http.status.into()))
            }
            ReportColumn::Connect => median(target.latency.connect),
            ReportColumn::Rtt => median(target.latency.rtt),
            ReportColumn::Total => median(total),
            ReportColumn::Min => seconds(total.map(|spread| spread.min_seconds)),
            ReportColumn::Max => seconds(total.map(|spread| spread.max_seconds)),
            ReportColumn::Tls => phase(target, |attempt| attempt.phases.tls_seconds),
            ReportColumn::Processing => phase(target, |attempt| attempt.phases.processing_seconds),
            ReportColumn::Retransmissions => retransmissions(target),
            ReportColumn::Certificate => text(days_left(target)),
            ReportColumn::From => text(report.source_of(target).and_then(|source| {
                if source.here { Some("here".to_owned()) } else { source.node.clone() }
            })),
            ReportColumn::Message => Value::Text(target.message.clone()),
        }
    }

    fn text(_: &ReportColumn, value: &Value) -> String {
        match value {
            Value::Number(seconds) => latency(*seconds),
            value => value.to_string(),
        }
    }

    fn role(&self, column: &ReportColumn) -> Role {
        match column {
            ReportColumn::Verdict => output::role(self.target.judgement),
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

/// Every address that the host's name had when it was last asked for.
fn addresses(target: &TargetReport) -> Option<String> {
    let mut names =
        target.attempts.iter().rev().filter_map(|attempt| attempt.details.name.as_ref());
    let addresses = &names.find(|name| !name.addresses.is_empty())?.addresses;
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Some(addresses.join(","))
}

/// How many days the certificate that was shown last is still good for.
fn days_left(target: &TargetReport) -> Option<String> {
    let mut shown = target.attempts.iter().rev();
    let (attempt, certificate) =
        shown.find_map(|attempt| Some((attempt, attempt.certificate()?)))?;
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of Unix time")]
    let days = certificate.days_left(attempt.started_seconds as i64);
    Some(format!("{days}d"))
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

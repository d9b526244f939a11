//! What can be told of a target's report: `probe.verdict`, `probe.rtt`.

use kubectl_pods_report::{Attempt, Cause, Report, Spread, TargetReport};
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
    /// What its message says.
    pub(super) says: Says<'r>,
}

/// What stands in the last column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Says<'r> {
    /// What to mend, if that is known.
    Cause,
    /// What was seen.
    Seen,
    /// One more cause, on a line of its own without any other cell.
    Further(&'r Cause),
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
        let Self { report, target, says } = self;
        match says {
            Says::Further(cause) if *column == ReportColumn::Message => {
                return Value::Text(cause.line());
            }
            Says::Further(_) => return Value::Text(String::new()),
            Says::Cause | Says::Seen => {}
        }
        let median = |spread: Option<Spread>| spread.map(|spread| spread.median_seconds);
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
            ReportColumn::Connect => {
                let seen = || last(target, |attempt| attempt.phases.connect_seconds);
                seconds(median(target.latency.connect).or_else(seen))
            }
            ReportColumn::Rtt => {
                let seen = || last(target, Attempt::rtt_seconds);
                seconds(median(target.latency.rtt).or_else(seen))
            }
            ReportColumn::Total => seconds(median(total)),
            ReportColumn::Min => seconds(total.map(|spread| spread.min_seconds)),
            ReportColumn::Max => seconds(total.map(|spread| spread.max_seconds)),
            ReportColumn::Tls => seconds(last(target, |attempt| attempt.phases.tls_seconds)),
            ReportColumn::Processing => {
                seconds(last(target, |attempt| attempt.phases.processing_seconds))
            }
            ReportColumn::Retransmissions => retransmissions(target),
            ReportColumn::Certificate => text(days_left(target)),
            ReportColumn::From => text(report.source_of(target).and_then(|source| {
                if source.here { Some("here".to_owned()) } else { source.node.clone() }
            })),
            ReportColumn::Message => Value::Text(match says {
                Says::Cause => target.line(),
                _ => target.message.clone(),
            }),
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

/// The length of a phase in the last attempt that completed it, whatever became of the attempt then. That of a whole
/// attempt which failed is none: it was waited for in vain.
fn last(target: &TargetReport, of: fn(&Attempt) -> Option<f64>) -> Option<f64> {
    target.attempts.iter().rev().find_map(of)
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
    let certificate = target.attempts.iter().rev().find_map(Attempt::certificate)?;
    Some(format!("{}d", certificate.days_left))
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
    use kubectl_pods_report::{Ask, Check, Facts, Observation, Phases};

    use super::*;

    #[test]
    fn a_phase_that_was_completed_is_shown_though_the_attempt_failed() {
        let phases = Phases { connect_seconds: Some(0.001), ..Phases::default() };
        let check = Check::new(0, "web", "10.0.0.7", Ask::tcp(80));
        let facts = Facts { phases, total_seconds: 3.0, ..Facts::new(Observation::Stalled, "") };
        let target = TargetReport::tried(&check, 0, 1, vec![Attempt::new(&check, facts)]);
        let report = Report::new(Vec::new(), vec![target]);
        let row = Reported { report: &report, target: &report.targets[0], says: Says::Seen };
        assert_eq!(row.value(&ReportColumn::Connect), Value::Number(0.001));
        assert_eq!(row.value(&ReportColumn::Total), Value::Missing);
    }

    #[test]
    fn every_column_is_found_by_its_path() {
        for named in COLUMNS {
            assert_eq!(Reported::column(named.path), Ok(named.column));
        }
        let error = Reported::column("probe.rt").unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("probe.rtt"));
    }
}

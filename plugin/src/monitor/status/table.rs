//! The table of `monitor status`: a line for each node and target.

use std::time::Duration;

use kubectl_pods_report::{Attempt, Cause, CheckResults, Judgement, Results};

use table::{
    columns::{Named, Tabular, UnknownColumn, Value, draw},
    duration::{age_of_seconds, latency},
    grid::{Look, Role},
};

use super::ask::ProbeAnswer;
use crate::output;

/// A standing check as one probe sees it, or a probe that does not answer.
#[derive(Debug, Clone, Copy)]
struct Standing<'s> {
    node: &'s str,
    /// The check, or why there is none.
    seen: Result<(&'s Results, &'s CheckResults), &'s str>,
    /// Why it fails, as far as that was found out.
    causes: &'s [Cause],
}

/// What is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StandingColumn {
    Node,
    Target,
    Verdict,
    Success,
    Attempts,
    Rtt,
    Last,
    Message,
}

const COLUMNS: [Named<StandingColumn>; 8] = [
    Named::new(StandingColumn::Node, "standing.node", "NODE", 0),
    Named::new(StandingColumn::Target, "standing.target", "TARGET", 0),
    Named::new(StandingColumn::Verdict, "standing.verdict", "VERDICT", 0),
    Named::new(StandingColumn::Success, "standing.success", "SUCCESS", 0),
    Named::new(StandingColumn::Attempts, "standing.attempts", "ATTEMPTS", 2),
    Named::new(StandingColumn::Rtt, "standing.rtt", "RTT", 1),
    Named::new(StandingColumn::Last, "standing.last", "LAST", 1),
    Named::new(StandingColumn::Message, "standing.message", "MESSAGE", 0),
];

/// Lays the answers out.
pub(super) fn table(seen: &[ProbeAnswer], look: Look) -> String {
    let mut rows = Vec::new();
    for one in seen {
        let node = one.node.as_str();
        let Some(results) = &one.results else {
            let error = one.error.as_deref().unwrap_or_default();
            rows.push(Standing { node, seen: Err(error), causes: &[] });
            continue;
        };
        rows.extend(results.checks.iter().map(|check| Standing {
            node,
            seen: Ok((results, check)),
            causes: one.causes.get(&check.check.target).map_or(&[], Vec::as_slice),
        }));
    }
    draw(&rows, &COLUMNS, look)
}

impl Tabular for Standing<'_> {
    type Column = StandingColumn;

    fn column(path: &str) -> Result<StandingColumn, UnknownColumn> {
        Named::find(path, &COLUMNS)
    }

    fn value(&self, column: &StandingColumn) -> Value {
        match (column, self.seen) {
            (StandingColumn::Node, _) => Value::Text(self.node.to_owned()),
            (StandingColumn::Message, Ok((results, _)))
                if results.config_error.is_none() && !self.causes.is_empty() =>
            {
                Value::Text(self.causes[0].line())
            }
            (column, Ok((results, check))) => value(*column, results, check),
            (StandingColumn::Message, Err(error)) => {
                Value::Text(format!("probe cannot be asked: {error}"))
            }
            (_, Err(_)) => Value::Missing,
        }
    }

    fn text(column: &StandingColumn, value: &Value) -> String {
        match (column, value) {
            (StandingColumn::Success, Value::Number(share)) => percent(*share),
            (_, Value::Number(seconds)) => latency(*seconds),
            (_, Value::Millis(age)) => format!("{} ago", age_of_seconds(age / 1000)),
            (_, value) => value.to_string(),
        }
    }

    fn role(&self, column: &StandingColumn) -> Role {
        match (column, self.seen) {
            (StandingColumn::Verdict, Ok((_, check))) => {
                check.latest.as_ref().map_or(Role::Plain, |latest| output::role(latest.judgement))
            }
            (StandingColumn::Message, Err(_)) => Role::Warn,
            _ => Role::Plain,
        }
    }
}

fn value(column: StandingColumn, results: &Results, check: &CheckResults) -> Value {
    let latest = check.latest.as_ref();
    let missing = Value::Missing;
    match column {
        // The caller knows the node.
        StandingColumn::Node => missing,
        StandingColumn::Target => Value::Text(check.check.target.clone()),
        StandingColumn::Verdict => {
            latest.map_or(missing, |latest| Value::Text(latest.verdict.as_str().to_owned()))
        }
        StandingColumn::Success => {
            let conclusive = check.counts.held.saturating_add(check.counts.failed);
            share(check.counts.held, conclusive).map_or(missing, Value::Number)
        }
        StandingColumn::Attempts => {
            Value::Whole(i64::try_from(check.counts.total()).unwrap_or(i64::MAX))
        }
        StandingColumn::Rtt => {
            let answered = latest.filter(|latest| latest.has_latency());
            answered.and_then(Attempt::rtt_seconds).map_or(missing, Value::Number)
        }
        StandingColumn::Last => latest.map_or(missing, |latest| {
            Value::Millis(whole_seconds(results.now_seconds - latest.started_seconds) * 1000)
        }),
        StandingColumn::Message => Value::Text(match (&results.config_error, latest) {
            (Some(error), _) => format!("configuration not in force: {error}"),
            (None, Some(latest)) if latest.judgement != Judgement::Held => latest.message.clone(),
            _ => String::new(),
        }),
    }
}

/// Nearest whole number of seconds; the probe's clock may be a little ahead of the attempt's.
fn whole_seconds(seconds: f64) -> i64 {
    i64::from(
        u32::try_from(Duration::try_from_secs_f64(seconds + 0.5).unwrap_or_default().as_secs())
            .unwrap_or(u32::MAX),
    )
}

/// Which part of `whole` is `part`: 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a share need not be exact beyond 2^53 attempts")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A share that is called 100% only if it is all.
fn percent(share: f64) -> String {
    if share >= 1.0 {
        return "100%".to_owned();
    }
    // Nothing is rounded up, but 57 of 100 are 56.999… as a binary fraction.
    let tenths = share.mul_add(1000.0, 1e-6).floor().min(999.0);
    format!("{:.1}%", tenths / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_100_percent() {
        let cases = [
            (0, 0, None),
            (0, 3, Some("0.0%")),
            (2, 3, Some("66.6%")),
            (57, 100, Some("57.0%")),
            (99_999, 100_000, Some("99.9%")),
            (3, 3, Some("100%")),
        ];
        for (part, whole, text) in cases {
            assert_eq!(share(part, whole).map(percent).as_deref(), text, "{part}/{whole}");
        }
    }

    #[test]
    fn every_column_is_found_by_its_path() {
        for named in COLUMNS {
            assert_eq!(Standing::column(named.path), Ok(named.column));
        }
    }
}

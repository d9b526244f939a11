//! The table of `monitor status`: a line for each node and target.

use std::time::Duration;

use kubectl_pods_report::{Attempt, CheckResults, Judgement, Results};

use table::{
    duration::{age_of_seconds, latency},
    grid::{self, Cell, Column, Line, Look, Role},
};

use super::ask::Seen;
use crate::output::verdict;

const NONE: &str = "<none>";
const COLUMNS: [&str; 8] =
    ["NODE", "TARGET", "VERDICT", "SUCCESS", "ATTEMPTS", "RTT", "LAST", "MESSAGE"];

/// Lays the answers out.
pub(super) fn draw(seen: &[Seen], look: Look) -> String {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for one in seen {
        match (&one.results, &one.error) {
            (Some(results), _) => {
                rows.extend(results.checks.iter().map(|check| row(&one.node, results, check)));
            }
            (None, error) => rows.push(silent(&one.node, error.as_deref().unwrap_or_default())),
        }
    }
    let lines: Vec<Line> = rows.into_iter().map(|cells| Line { cells, group: None }).collect();
    grid::draw(&COLUMNS.map(Column::text), &lines, look)
}

fn plain(text: &str) -> Cell {
    Cell::new(text, Role::Plain)
}

fn silent(node: &str, error: &str) -> Vec<Cell> {
    let mut row = vec![plain(NONE); COLUMNS.len()];
    row[0] = plain(node);
    row[COLUMNS.len() - 1] = Cell::new(&format!("probe cannot be asked: {error}"), Role::Warn);
    row
}

fn row(node: &str, results: &Results, check: &CheckResults) -> Vec<Cell> {
    let latest = check.latest.as_ref();
    let conclusive = check.counts.held.saturating_add(check.counts.failed);
    let rtt = latest.filter(|attempt| attempt.has_latency()).and_then(Attempt::rtt_seconds);
    let age = latest.map(|attempt| whole_seconds(results.now_seconds - attempt.started_seconds));
    let message = match (&results.config_error, latest) {
        (Some(error), _) => format!("configuration not in force: {error}"),
        (None, Some(attempt)) if attempt.judgement != Judgement::Held => attempt.message.clone(),
        _ => String::new(),
    };
    let or_none = |text: Option<String>| plain(text.as_deref().unwrap_or(NONE));
    vec![
        plain(node),
        plain(&check.check.target),
        latest.map_or_else(|| plain(NONE), |attempt| verdict(attempt.verdict, attempt.judgement)),
        or_none(percent(check.counts.held, conclusive)),
        plain(&check.counts.total().to_string()),
        or_none(rtt.map(latency)),
        or_none(age.map(|seconds| format!("{} ago", age_of_seconds(seconds)))),
        plain(&message),
    ]
}

/// Nearest whole number of seconds; the probe's clock may be a little ahead of the attempt's.
fn whole_seconds(seconds: f64) -> i64 {
    i64::try_from(Duration::try_from_secs_f64(seconds + 0.5).unwrap_or_default().as_secs())
        .unwrap_or(i64::MAX)
}

/// A share that is called 100% only if it is all.
fn percent(part: u64, whole: u64) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    Some(match tenths {
        1000 => "100%".to_owned(),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    })
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
            (99_999, 100_000, Some("99.9%")),
            (3, 3, Some("100%")),
        ];
        for (part, whole, text) in cases {
            assert_eq!(percent(part, whole).as_deref(), text, "{part}/{whole}");
        }
    }
}

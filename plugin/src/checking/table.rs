//! A report as a table in kubectl's layout.

use unicode_width::UnicodeWidthStr as _;

use super::report::{Report, Spread, TargetReport};
use crate::output::without_controls;

/// Blanks between two columns, as kubectl has them.
const GAP: usize = 3;
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
    let repeated = report.targets.iter().any(|target| target.attempts.len() > 1);
    let failed = report.targets.iter().any(|target| target.failed + target.inconclusive > 0);
    let mut columns: Vec<Column> = vec![
        ("TARGET", |_, target| Some(target.target.clone())),
        ("ADDRESS", |_, target| target.address.clone()),
        ("VERDICT", |_, target| Some(target.verdict.to_string())),
    ];
    if repeated || style.wide {
        columns.push(("OPEN", |_, target| Some(share(target))));
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
        let cell = |(_, value): &Column| {
            value(report, target).map_or(NONE.to_owned(), |text| without_controls(&text))
        };
        rows.push(columns.iter().map(cell).collect());
    }
    align(&rows)
}

fn wide() -> [Column; 6] {
    [
        ("MIN", |_, target| target.latency.total.map(|spread| length(spread.min_seconds))),
        ("MAX", |_, target| target.latency.total.map(|spread| length(spread.max_seconds))),
        ("TLS", |_, target| phase(target, |attempt| attempt.phases.tls_seconds)),
        ("PROCESSING", |_, target| phase(target, |attempt| attempt.phases.processing_seconds)),
        ("RETRANS", |_, target| retransmissions(target)),
        ("FROM", |report, _| match report.source.here {
            true => Some("here".to_owned()),
            false => report.source.node.clone(),
        }),
    ]
}

fn share(target: &TargetReport) -> String {
    format!("{}/{}", target.open, target.open + target.failed + target.inconclusive)
}

fn status(target: &TargetReport) -> Option<String> {
    target.attempts.iter().rev().find_map(|attempt| attempt.http_status).map(|s| s.to_string())
}

fn median(spread: Spread) -> String {
    length(spread.median_seconds)
}

fn phase(
    target: &TargetReport,
    of: fn(&kubectl_pods_report::Attempt) -> Option<f64>,
) -> Option<String> {
    let last =
        target.attempts.iter().rev().find(|a| a.verdict == kubectl_pods_report::Verdict::Open);
    last.and_then(of).map(length)
}

fn retransmissions(target: &TargetReport) -> Option<String> {
    let counts = target.attempts.iter().filter_map(|attempt| attempt.evidence.tcp_info);
    counts.map(|info| info.total_retrans).reduce(u32::saturating_add).map(|sum| sum.to_string())
}

/// Three significant digits: `81µs`, `4.02ms`, `1.01s`.
fn length(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match value {
        v if v < 10.0 && unit != "µs" => format!("{v:.2}{unit}"),
        v if v < 100.0 && unit != "µs" => format!("{v:.1}{unit}"),
        v => format!("{v:.0}{unit}"),
    }
}

fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + GAP));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_three_digits() {
        let cases = [
            (0.000_081, "81µs"),
            (0.000_999, "999µs"),
            (0.004_02, "4.02ms"),
            (0.0402, "40.2ms"),
            (0.402, "402ms"),
            (1.0084, "1.01s"),
            (12.34, "12.3s"),
        ];
        for (seconds, text) in cases {
            assert_eq!(length(seconds), text);
        }
    }

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows =
            [["A", "B"], ["long", ""], ["x", "y"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(align(&rows), "A      B\nlong\nx      y\n");
    }
}

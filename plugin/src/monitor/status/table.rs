//! The table of `monitor status`: a line for each node and target.

use kubectl_pods_report::{Attempt, CheckResults, Judgement, Results};

use super::ask::Seen;
use table::align::{align, latency};

const NONE: &str = "<none>";
const COLUMNS: [&str; 8] =
    ["NODE", "TARGET", "VERDICT", "SUCCESS", "ATTEMPTS", "RTT", "LAST", "MESSAGE"];

/// Lays the answers out.
pub(super) fn table(seen: &[Seen], headers: bool) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    if headers {
        rows.push(COLUMNS.map(str::to_owned).to_vec());
    }
    for one in seen {
        match (&one.results, &one.error) {
            (Some(results), _) => {
                rows.extend(results.checks.iter().map(|check| row(&one.node, results, check)));
            }
            (None, error) => rows.push(silent(&one.node, error.as_deref().unwrap_or_default())),
        }
    }
    align(&rows)
}

fn silent(node: &str, error: &str) -> Vec<String> {
    let mut row = vec![NONE.to_owned(); COLUMNS.len()];
    node.clone_into(&mut row[0]);
    row[COLUMNS.len() - 1] = format!("probe cannot be asked: {error}");
    row
}

fn row(node: &str, results: &Results, check: &CheckResults) -> Vec<String> {
    let latest = check.latest.as_ref();
    let conclusive = check.counts.held.saturating_add(check.counts.failed);
    let rtt = latest.filter(|attempt| attempt.has_latency()).and_then(Attempt::rtt_seconds);
    let age = latest.map(|attempt| (results.now_seconds - attempt.started_seconds).max(0.0));
    let message = match (&results.config_error, latest) {
        (Some(error), _) => format!("configuration not in force: {error}"),
        (None, Some(attempt)) if attempt.judgement != Judgement::Held => attempt.message.clone(),
        _ => String::new(),
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    vec![
        node.to_owned(),
        check.check.target.clone(),
        or_none(latest.map(|attempt| attempt.verdict.to_string())),
        or_none(percent(check.counts.held, conclusive)),
        check.counts.total().to_string(),
        or_none(rtt.map(latency)),
        or_none(age.map(|seconds| format!("{seconds:.0}s ago"))),
        message,
    ]
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

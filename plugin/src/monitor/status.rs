//! `monitor status`: what every probe has seen, asked of the probes through the API server.

use futures_util::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{CheckResults, Results, STANDING_PORT, Verdict, WIRE_VERSION};
use serde::Serialize;

use super::{absent, manifest};
use crate::{
    api::{Cluster, daemon_sets, pod_proxy, pods},
    cli::{StatusArgs, StatusFormat},
    exit::Exit,
    output::{Stdout, align, latency},
};

/// Probes asked at once.
const CONCURRENT: usize = 16;
const NONE: &str = "<none>";
const COLUMNS: [&str; 8] =
    ["NODE", "TARGET", "VERDICT", "SUCCESS", "ATTEMPTS", "RTT", "LAST", "MESSAGE"];

/// What one probe answered, or why it did not.
#[derive(Debug, Serialize)]
struct Seen {
    /// Node of the probe.
    node: String,
    /// Its pod.
    pod: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Prints what a standing probe sees.
///
/// # Errors
///
/// kubectl's `NotFound` when there is none; when the cluster cannot be asked.
pub(super) async fn run(cluster: &Cluster, args: &StatusArgs) -> anyhow::Result<Exit> {
    let daemon_set = daemon_sets::find(cluster, &args.name).await?;
    if !daemon_set.is_some_and(|object| manifest::is_ours(&object.metadata, &args.name)) {
        return Err(absent(&args.name));
    }
    let pods = pods::list(cluster, &cluster.namespace, &manifest::selector(&args.name)).await?;
    let asked = stream::iter(&pods).map(|pod| ask(cluster, pod)).buffer_unordered(CONCURRENT);
    let mut seen: Vec<Seen> = asked.collect().await;
    seen.sort_by(|a, b| (&a.node, &a.pod).cmp(&(&b.node, &b.pod)));
    let text = match args.output {
        StatusFormat::Json => serde_json::to_string_pretty(&seen)? + "\n",
        StatusFormat::Table => table(&seen, !args.no_headers),
    };
    let mut stdout = Stdout::new();
    stdout.write(text.as_bytes())?;
    stdout.flush()?;
    let silent = seen.iter().any(|one| one.error.is_some());
    Ok(if silent { Exit::Inconclusive } else { Exit::Success })
}

async fn ask(cluster: &Cluster, pod: &Pod) -> Seen {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let answer = pod_proxy::get(cluster, &name, STANDING_PORT, "/results").await;
    let results = answer.and_then(|text| Ok(serde_json::from_str::<Results>(&text)?));
    let (results, error) = match results {
        Ok(results) if results.version == WIRE_VERSION => (Some(results), None),
        Ok(results) => {
            (None, Some(format!("it speaks version {} of the results", results.version)))
        }
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    Seen { node: node.unwrap_or_else(|| NONE.to_owned()), pod: name, results, error }
}

fn table(seen: &[Seen], headers: bool) -> String {
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
    let message = format!("probe cannot be asked: {error}");
    let mut row = vec![NONE.to_owned(); COLUMNS.len()];
    node.clone_into(&mut row[0]);
    row[COLUMNS.len() - 1] = message;
    row
}

fn row(node: &str, results: &Results, check: &CheckResults) -> Vec<String> {
    let latest = check.latest.as_ref();
    let open = check.attempts.get(&Verdict::Open).copied().unwrap_or(0);
    let conclusive =
        check.attempts.iter().filter(|(verdict, _)| verdict.is_conclusive()).map(|(_, n)| n).sum();
    let good = latest.filter(|attempt| attempt.verdict == Verdict::Open);
    let rtt = good.and_then(|attempt| attempt.evidence.tcp_info).map(|info| info.rtt_seconds);
    let age = latest.map(|attempt| (results.now_seconds - attempt.started_seconds).max(0.0));
    let message = match (&results.config_error, latest) {
        (Some(error), _) => format!("configuration not in force: {error}"),
        (None, Some(attempt)) if attempt.verdict != Verdict::Open => attempt.message.clone(),
        _ => String::new(),
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    vec![
        node.to_owned(),
        check.check.target.clone(),
        or_none(latest.map(|attempt| attempt.verdict.to_string())),
        or_none(percent(open, conclusive)),
        check.attempts.values().sum::<u64>().to_string(),
        or_none(rtt.filter(|seconds| *seconds > 0.0).map(latency)),
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

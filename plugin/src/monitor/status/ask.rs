//! Asks every probe for its results, at the same time.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{
    Cause, CheckResults, Judgement, Link, Results, STANDING_PORT, WIRE_VERSION,
};
use serde::Serialize;
use tokio::time::timeout;

use cluster::{Cluster, pod_proxy, pods};

use crate::{
    launch::{probe_pod, taken_back},
    pods::{Prospect, Sidecar, beside, prospect},
};

/// Probes asked at once.
const CONCURRENT: usize = 16;
/// How long a probe may take to answer. The API server itself waits 30 s for a pod that is not there any more.
const LIMIT: Duration = Duration::from_secs(10);
const NO_NODE: &str = "<none>";

/// What one probe answered, or why it did not.
#[derive(Debug, Serialize)]
pub(super) struct ProbeAnswer {
    /// Node of the probe.
    pub(super) node: String,
    /// Its pod.
    pub(super) pod: String,
    /// Who else is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sidecars: Vec<Sidecar>,
    /// As it gave them, less what it cannot know for the sake of its sidecars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) results: Option<Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// Why checks of this probe fail, by target.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) causes: BTreeMap<String, Vec<Cause>>,
    /// The steps from the name to an answer of the same targets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) chains: BTreeMap<String, Vec<Link>>,
}

/// What the probes that `selector` matches say, by node. Pods that are being deleted are probes no longer: what replaces
/// them is asked.
///
/// # Errors
///
/// When the pods cannot be listed.
pub(super) async fn all(cluster: &Cluster, selector: &str) -> anyhow::Result<Vec<ProbeAnswer>> {
    let pods = present(cluster, selector).await?;
    let asked = stream::iter(&pods).map(|pod| ask(cluster, pod)).buffer_unordered(CONCURRENT);
    let mut seen: Vec<ProbeAnswer> = asked.collect().await;
    if seen.iter().any(|one| one.error.is_some()) {
        // Some may have gone away meanwhile.
        let present = present(cluster, selector).await?;
        let is_present =
            |name: &String| present.iter().any(|pod| pod.metadata.name.as_ref() == Some(name));
        seen.retain(|one| one.error.is_none() || is_present(&one.pod));
    }
    seen.sort_by(|a, b| (&a.node, &a.pod).cmp(&(&b.node, &b.pod)));
    Ok(seen)
}

async fn present(cluster: &Cluster, selector: &str) -> anyhow::Result<Vec<Pod>> {
    let mut pods = pods::list(cluster, &cluster.namespace, selector).await?;
    pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
    Ok(pods)
}

async fn ask(cluster: &Cluster, pod: &Pod) -> ProbeAnswer {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let sidecars = beside(pod, probe_pod::CONTAINER);
    let (results, error) = match results(cluster, pod, &name).await {
        Ok(results) => (Some(doubted(results, &sidecars)), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    let node = node.unwrap_or_else(|| NO_NODE.to_owned());
    let (causes, chains) = (BTreeMap::new(), BTreeMap::new());
    ProbeAnswer { node, pod: name, sidecars, results, error, causes, chains }
}

/// The same results, but that of what failed while one of `sidecars` was not ready nothing is known.
fn doubted(mut results: Results, sidecars: &[Sidecar]) -> Results {
    results.checks.iter_mut().for_each(|check| doubt(check, sidecars));
    results
}

fn doubt(seen: &mut CheckResults, sidecars: &[Sidecar]) {
    let failed = seen.latest.as_mut().filter(|latest| latest.judgement == Judgement::Failed);
    let Some(latest) = failed else { return };
    let unready = sidecars.iter().filter(|sidecar| !sidecar.was_ready_at(latest.started_seconds));
    let unready: Vec<String> = unready.map(|sidecar| sidecar.name.clone()).collect();
    if !unready.is_empty() {
        *latest = taken_back(&seen.check, latest, &unready);
        (seen.judgement, seen.since_seconds) = (None, None);
        seen.direct.clear();
        seen.each.clear();
    }
}

async fn results(cluster: &Cluster, pod: &Pod, name: &str) -> anyhow::Result<Results> {
    if let Some(state) = not_running(pod) {
        anyhow::bail!("it does not run: {state}");
    }
    let answer = timeout(LIMIT, pod_proxy::get(cluster, name, STANDING_PORT, "/results")).await;
    let text = answer.with_context(|| format!("no answer in {} s", LIMIT.as_secs()))??;
    let results: Results = serde_json::from_str(&text)?;
    anyhow::ensure!(
        results.version == WIRE_VERSION,
        "it speaks version {} of the results",
        results.version
    );
    Ok(results)
}

fn not_running(pod: &Pod) -> Option<String> {
    match prospect(pod, probe_pod::CONTAINER) {
        Prospect::Started => None,
        Prospect::Waiting(state)
        | Prospect::Unschedulable(state)
        | Prospect::Ended(state)
        | Prospect::Hopeless(state) => Some(state),
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Attempt, Check, Facts, Observation, Verdict};
    use serde_json::json;

    use super::*;

    fn seen(observation: Observation, started_seconds: f64) -> CheckResults {
        let check = Check::new(0, "web", "10.0.0.7", Ask::tcp(80));
        let facts = Facts { started_seconds, ..Facts::new(observation, "what was seen") };
        let latest = Attempt::new(&check, facts);
        let results = json!({"check": check, "held": 0, "failed": 1, "unknown": 0, "verdicts": {},
            "latest": latest, "judgement": latest.judgement, "since_seconds": 1.0, "direct": [latest]});
        serde_json::from_value(results).expect("results")
    }

    #[test]
    fn what_failed_beside_a_sidecar_that_was_not_ready_is_not_known() {
        use Observation::{NotRun, Open, Refused};
        let pod = json!({
            "spec": {"containers": [{"name": "mesh"}, {"name": probe_pod::CONTAINER}]},
            "status": {"containerStatuses": [{"name": "mesh", "image": "", "imageID": "", "ready": true,
                "restartCount": 1, "state": {"running": {"startedAt": "2026-01-01T00:00:10Z"}}}]},
        });
        let sidecars = beside(&serde_json::from_value(pod).expect("a pod"), probe_pod::CONTAINER);
        let begun = 1_767_225_610.0;
        let cases = [
            ("it was reached", Open, begun - 5.0, Open),
            ("before the sidecar ran", Refused, begun - 5.0, NotRun),
            ("after it", Refused, begun + 5.0, Refused),
        ];
        for (name, observation, started, expected) in cases {
            let mut seen = seen(observation, started);
            doubt(&mut seen, &sidecars);
            let latest = seen.latest.expect("an attempt");
            assert_eq!(latest.verdict, Verdict::Seen(expected), "{name}");
            let taken_back = expected == NotRun;
            assert_eq!(
                (seen.judgement.is_none(), seen.direct.is_empty()),
                (taken_back, taken_back),
                "{name}"
            );
            assert_eq!(latest.message.contains("container mesh"), taken_back, "{}", latest.message);
        }
    }
}

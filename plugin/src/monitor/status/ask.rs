//! Asks every probe for its results, at the same time.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, Results, STANDING_PORT, WIRE_VERSION};
use serde::Serialize;
use tokio::time::timeout;

use cluster::{Cluster, pod_proxy, pods};

use crate::{
    launch::probe_pod,
    pods::{Prospect, prospect},
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) results: Option<Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// Why checks of this probe fail, by target.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) causes: BTreeMap<String, Vec<Cause>>,
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
    let (results, error) = match results(cluster, pod, &name).await {
        Ok(results) => (Some(results), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    let node = node.unwrap_or_else(|| NO_NODE.to_owned());
    ProbeAnswer { node, pod: name, results, error, causes: BTreeMap::new() }
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

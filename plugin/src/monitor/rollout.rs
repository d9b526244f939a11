//! Waits for the probes of a DaemonSet, and says what keeps them from running.

use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::{
    apps::v1::{DaemonSet, DaemonSetStatus},
    core::v1::Pod,
};
use tokio::time::{Instant, sleep};

use cluster::{
    Cluster,
    events::{self, EventText},
    objects, pods,
};

use super::manifest;
use crate::{
    exit::Exit,
    output,
    pods::{Prospect, StartupProblem, advise, prospect},
};

/// Pause between two looks at the DaemonSet.
const POLL: Duration = Duration::from_millis(250);
/// Pause between two looks at the pods and their events.
const LOOK: Duration = Duration::from_secs(1);
/// How long trouble has to last before it is taken for what it is: events and states of an earlier rollout fade.
const TROUBLE: Duration = Duration::from_secs(3);
/// When to tell a waiting user what is being waited for.
const SLOW: Duration = Duration::from_secs(5);
/// Of so many waiting pods at most the events are read, however many nodes there are: their trouble is mostly the same.
const ASKED: usize = 5;

/// How far an installation came.
pub(super) enum Rollout {
    /// A probe is ready on each of so many nodes.
    Everywhere(i32),
    /// Some nodes have theirs; why others do not.
    Partly(String),
    /// No probe is ready, and why.
    Nowhere(String),
    /// A signal came first.
    Interrupted(Exit),
}

/// One rollout being watched.
struct Watch<'a> {
    cluster: &'a Cluster,
    name: &'a str,
    begun: Instant,
    looked: Instant,
    /// Since when something has been in a pod's way.
    obstructed: Option<Instant>,
    told: bool,
}

/// Waits until all probes of this generation are ready, or one says why it never will be.
pub(super) async fn wait(
    cluster: &Cluster,
    name: &str,
    applied: &DaemonSet,
    limit: Duration,
) -> anyhow::Result<Rollout> {
    let begun = Instant::now();
    let mut watch = Watch { cluster, name, begun, looked: begun, obstructed: None, told: false };
    let mut state = "the DaemonSet is not seen by its controller".to_owned();
    let mut running = 0;
    while begun.elapsed() < limit {
        let found = objects::find::<DaemonSet>(cluster, name).await?;
        let status = found.context("the DaemonSet was deleted meanwhile")?.status;
        if let Some(status) =
            status.filter(|status| status.observed_generation >= applied.metadata.generation)
        {
            let desired = status.desired_number_scheduled;
            if is_everywhere(&status) {
                return Ok(Rollout::Everywhere(desired));
            }
            running = status.number_available.unwrap_or(0);
            state = format!("{running} of {desired} probes are ready");
        }
        if let Some(trouble) = watch.trouble(&state, limit).await {
            return Ok(stuck(running, trouble));
        }
        sleep(POLL).await;
    }
    Ok(stuck(running, format!("{state} after {} s", limit.as_secs())))
}

fn is_everywhere(status: &DaemonSetStatus) -> bool {
    let desired = status.desired_number_scheduled;
    let (updated, available) = (status.updated_number_scheduled, status.number_available);
    desired > 0 && [updated, available].iter().all(|count| count.unwrap_or(0) == desired)
}

fn stuck(running: i32, why: String) -> Rollout {
    if running == 0 { Rollout::Nowhere(why) } else { Rollout::Partly(why) }
}

impl Watch<'_> {
    /// The first reason why a probe will not come up. Tells a waiting user of what may pass.
    async fn trouble(&mut self, state: &str, limit: Duration) -> Option<String> {
        if self.begun.elapsed() <= TROUBLE || self.looked.elapsed() < LOOK {
            return None;
        }
        self.looked = Instant::now();
        let selector = manifest::selector(self.name);
        let mut pods = pods::list(self.cluster, &self.cluster.namespace, &selector).await.ok()?;
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        if pods.is_empty() {
            // Quota or admission refuses them, and the DaemonSet's events say so.
            let warning = self.said("DaemonSet", self.name, events::EventKind::Warning).await.pop();
            return warning.map(|warning| warning.to_string());
        }
        if let Some(hopeless) = pods.iter().find_map(hopeless) {
            return Some(hopeless);
        }
        let obstacle = self.obstacle(&pods).await;
        if self.begun.elapsed() >= SLOW && !self.told {
            self.told = true;
            let text = obstacle.as_ref().map_or(String::new(), |(text, _)| format!(", {text}"));
            output::note(&format!("waiting at most {} s: {state}{text}", limit.as_secs()));
        }
        obstacle.and_then(|(text, lasting)| lasting.then_some(text))
    }

    /// What is in a pod's way, and whether it has been for too long.
    async fn obstacle(&mut self, pods: &[Pod]) -> Option<(String, bool)> {
        let waiting = pods.iter().filter(|pod| matches!(prospect(pod), Prospect::Waiting(_)));
        for pod in waiting.take(ASKED) {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let said = self.said("Pod", name, events::EventKind::Any).await;
            if let Some(obstacle) = StartupProblem::read(&said) {
                let since = *self.obstructed.get_or_insert_with(Instant::now);
                let lasting = obstacle.is_lasting(since.elapsed());
                return Some((on_node(pod, &obstacle.text), lasting));
            }
        }
        self.obstructed = None;
        None
    }

    /// What the cluster said about an object, the latest last. Not everybody may read events: then nothing.
    async fn said(&self, kind: &str, name: &str, wanted: events::EventKind) -> Vec<EventText> {
        let namespace = &self.cluster.namespace;
        events::about(self.cluster, namespace, (kind, name), wanted).await.unwrap_or_default()
    }
}

fn hopeless(pod: &Pod) -> Option<String> {
    match prospect(pod) {
        Prospect::Hopeless(reason) | Prospect::Unschedulable(reason) => {
            Some(on_node(pod, &advise(reason)))
        }
        _ => None,
    }
}

fn on_node(pod: &Pod, reason: &str) -> String {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    format!("on node {}: {reason}", node.unwrap_or("<none>"))
}

//! Looks at a probe's pod while its log is being read, to say at once why nothing will come of it.

use std::{sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use tokio::time::{Instant, timeout};

use cluster::{Verbatim, events, nodes};

use super::{
    job::Placement,
    log::no_probe,
    probe_job::{ProbeJob, Seen},
    probe_pod,
};
use crate::{
    output,
    pods::{Prospect, StartupProblem, advise, last_warning, prospect},
};

/// Longest pause between two looks at the clock.
const TICK: Duration = Duration::from_millis(500);
/// After this time without a node the user is told. One that is just being freed or registered is found before.
const UNSCHEDULABLE_HINT: Duration = Duration::from_secs(1);
/// How often the events of a pod without a node are read.
const SCALING: Duration = Duration::from_secs(2);
/// What autoscalers say about such a pod: cluster-autoscaler (`TriggeredScaleUp`, `NotTriggerScaleUp`) and Karpenter.
const SCALERS: [&str; 3] = ["TriggeredScaleUp", "NotTriggerScaleUp", "Nominated"];
/// After this time without a new pod in the run, the Job's events are asked why; after the limit, nobody makes one. Of
/// many Jobs the controller makes the pods one after the other.
const NO_POD_HINT: Duration = Duration::from_secs(1);
const NO_POD_LIMIT: Duration = Duration::from_secs(15);
/// When to tell a waiting user what is being waited for.
const SLOW_START: Duration = Duration::from_secs(4);
/// After this time without a start, the pod's events are asked what is in its way.
const OBSTACLE_HINT: Duration = Duration::from_secs(2);
/// How long the log of a pod that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(6);
/// What is said of a pod that somebody deleted.
const DELETED: &str = "its pod was deleted before the result was read";
/// What is said of one that its Job ended.
const SPEECHLESS: &str = "its pod was there until the deadline of its Job, and said nothing";

/// Since when what has been so.
struct Since {
    begun: Instant,
    /// When the events of a pod without a node were read last.
    asked: Option<Instant>,
    obstructed: Option<Instant>,
    ended: Option<Instant>,
}

impl ProbeJob<'_> {
    /// Ends with the reason when it is hopeless.
    ///
    /// # Errors
    ///
    /// When the pod cannot be watched.
    pub(super) async fn look_out(&self) -> anyhow::Result<String> {
        let begun = Instant::now();
        let mut since = Since { begun, asked: None, obstructed: None, ended: None };
        let mut seen = self.seen.subscribe();
        loop {
            let now = seen.borrow_and_update().clone();
            let reason = match now {
                Seen::NoPod => self.why_no_pod(since.begun).await,
                Seen::Pod(pod) => self.judge(&pod, &mut since).await,
                Seen::Gone(_) => Some(self.why_deleted(since.begun.elapsed())),
                Seen::Unwatched(error) => return Err(same(&error)),
            };
            if let Some(reason) = reason {
                return Ok(reason);
            }
            let _ = timeout(TICK, seen.changed()).await;
        }
    }

    /// The reason to give up, if there is one.
    async fn judge(&self, pod: &Pod, since: &mut Since) -> Option<String> {
        let waited = since.begun.elapsed();
        let prospect = prospect(pod, probe_pod::CONTAINER);
        match prospect {
            // The kubelet has words of its own for what becomes of a container that somebody deletes.
            Prospect::Hopeless(_) if pod.metadata.deletion_timestamp.is_some() => {
                return Some(self.why_deleted(waited));
            }
            Prospect::Hopeless(reason) => return Some(advise(reason)),
            Prospect::Unschedulable(reason) => {
                return self.wait_for_node(reason, waited, since).await;
            }
            Prospect::Ended(how) => {
                let first = *since.ended.get_or_insert_with(Instant::now);
                let last = self.heard.get().map_or(first, |heard| heard.max(first));
                if last.elapsed() >= LAST_WORDS {
                    let why = self.no_log.borrow();
                    let why = why.as_ref().map_or(String::new(), |why| format!("; {why}"));
                    return Some(format!("its log cannot be read (container: {how}){why}"));
                }
            }
            Prospect::Waiting(state) => return self.wait_on(&state, waited, since).await,
            Prospect::Started => {}
        }
        None
    }

    /// Somebody deleted it; or it was the Job at its deadline, because it ran and never said a word.
    fn why_deleted(&self, waited: Duration) -> String {
        let Placement { start_limit, after, .. } = self.placement;
        if self.heard.get().is_some() || waited < start_limit.saturating_add(*after) {
            return DELETED.to_owned();
        }
        let hint = self.stranger().map(|image| format!("; {}", no_probe(&image)));
        format!("{SPEECHLESS}{}", hint.unwrap_or_default())
    }

    /// A node may come: it is being freed, uncordoned, or made by an autoscaler. So only time ends the waiting, or that the
    /// node that was named does not exist.
    async fn wait_for_node(
        &self,
        reason: String,
        waited: Duration,
        since: &mut Since,
    ) -> Option<String> {
        let is_over = waited >= self.placement.start_limit;
        let is_due = since.asked.is_none_or(|asked| asked.elapsed() >= SCALING);
        if !is_over && (waited < UNSCHEDULABLE_HINT || !is_due) {
            return None;
        }
        if since.asked.is_none()
            && let Some(node) = &self.placement.node
            // Who may not read nodes waits.
            && nodes::exists(self.cluster, node).await.is_ok_and(|exists| !exists)
        {
            return Some(format!(
                "Unschedulable: there is no node {node:?}; kubectl get nodes shows their names"
            ));
        }
        since.asked = Some(Instant::now());
        let mut said = self.said("Pod").await;
        said.retain(|event| SCALERS.contains(&event.reason.as_str()));
        let scaling = said.pop().map(|event| event.to_string());
        if is_over {
            let scaling = scaling.map_or(String::new(), |text| format!("; {text}"));
            let reason = advise(reason);
            return Some(format!("{reason}; no node for {} s{scaling}", waited.as_secs()));
        }
        self.tell_of_scaling(&reason, scaling);
        None
    }

    /// Says that a node is waited for, and what an autoscaler has new to say: each once for all probes of the run.
    fn tell_of_scaling(&self, reason: &str, scaling: Option<String>) {
        let is_news = scaling.is_some() && *self.run.scaling.borrow() != scaling;
        if self.run.told.replace(true) && !is_news {
            return;
        }
        let limit = self.placement.start_limit.as_secs();
        let state = scaling.as_deref().unwrap_or(reason);
        output::note(&format!("waiting at most {limit} s for the probe's pod to start: {state}"));
        self.run.scaling.replace(scaling);
    }

    async fn wait_on(&self, state: &str, waited: Duration, since: &mut Since) -> Option<String> {
        if waited >= self.placement.start_limit {
            let warning = last_warning(self.said("Pod").await);
            let warning = warning.map_or(String::new(), |text| format!("; {text}"));
            return Some(format!("its pod is still {state} after {} s{warning}", waited.as_secs()));
        }
        if waited >= OBSTACLE_HINT
            && let Some(reason) = self.lasting_obstacle(since).await
        {
            return Some(reason);
        }
        if waited >= SLOW_START && self.heard.get().is_none() && !self.run.told.replace(true) {
            self.tell(state).await;
        }
        None
    }

    /// Says what is being waited for, once for all probes of the run.
    async fn tell(&self, state: &str) {
        let event = self.said("Pod").await.pop();
        let event = event.map_or(String::new(), |text| format!(", {text}"));
        let which = match &self.placement.node {
            Some(node) if self.run.count > 1 => format!(" on node {node}"),
            _ => String::new(),
        };
        let limit = self.placement.start_limit.as_secs();
        output::note(&format!(
            "waiting at most {limit} s for the probe's pod{which} to start: {state}{event}"
        ));
    }

    async fn why_no_pod(&self, begun: Instant) -> Option<String> {
        let waited = begun.max(self.run.newest_pod.get()).elapsed();
        if waited < NO_POD_HINT {
            return None;
        }
        if let Some(warning) = last_warning(self.said("Job").await) {
            return Some(advise(warning.to_string()));
        }
        (waited >= NO_POD_LIMIT).then(|| {
            let limit = NO_POD_LIMIT.as_secs();
            format!(
                "nobody made a pod for its Job within {limit} s: is the Job controller running?"
            )
        })
    }

    /// What has been in the pod's way for too long.
    async fn lasting_obstacle(&self, since: &mut Since) -> Option<String> {
        let Some(obstacle) = StartupProblem::read(&self.said("Pod").await) else {
            since.obstructed = None;
            return None;
        };
        let first = *since.obstructed.get_or_insert_with(Instant::now);
        obstacle.is_lasting(first.elapsed()).then_some(obstacle.text)
    }

    /// What the cluster said about the Job or its pod, the latest last. Not everybody may read events: then nothing.
    async fn said(&self, kind: &str) -> Vec<events::EventText> {
        let pod = || self.pod().and_then(|pod| pod.metadata.name.clone());
        let Some(name) = (if kind == "Pod" { pod() } else { Some(self.name.clone()) }) else {
            return Vec::new();
        };
        let namespace = &self.cluster.namespace;
        events::about(self.cluster, namespace, (kind, &name)).await.unwrap_or_default()
    }
}

/// The same error for one more of those whom it befell.
fn same(error: &Arc<anyhow::Error>) -> anyhow::Error {
    match error.downcast_ref::<Verbatim>() {
        Some(Verbatim(text)) => Verbatim(text.clone()).into(),
        None => anyhow::anyhow!("{error:#}"),
    }
}

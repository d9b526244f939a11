//! Watches a probe's pod while its log is being read, to say at once why nothing will come of it.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::BoxStream};
use k8s_openapi::api::core::v1::Pod;
use tokio::{
    sync::watch::Sender,
    time::{Instant, sleep, timeout},
};

use cluster::{
    events,
    pods::{self, PodEvent},
};

use super::probe_job::ProbeJob;
use crate::{
    output,
    pods::{Prospect, StartupProblem, advise, prospect},
};

/// Longest pause between two looks at the clock.
const TICK: Duration = Duration::from_millis(500);
/// How long the scheduler may find no node. One that is just being freed or registered is found within this time.
const UNSCHEDULABLE_LIMIT: Duration = Duration::from_secs(3);
/// After this time without a pod, the Job's events are asked why; after the limit, nobody makes one.
const NO_POD_HINT: Duration = Duration::from_secs(1);
const NO_POD_LIMIT: Duration = Duration::from_secs(15);
/// When to tell a waiting user what is being waited for.
const SLOW_START: Duration = Duration::from_secs(4);
/// After this time without a start, the pod's events are asked what is in its way.
const OBSTACLE_HINT: Duration = Duration::from_secs(2);
/// How long the log of a pod that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// Since when what has been so.
struct Since {
    begun: Instant,
    unschedulable: Option<Instant>,
    obstructed: Option<Instant>,
    ended: Option<Instant>,
    told: bool,
}

impl ProbeJob<'_> {
    /// Watches the pod, hands its name to `scheduled` once it has a node, and ends with the reason when it is hopeless.
    ///
    /// # Errors
    ///
    /// When the pod cannot be watched.
    pub(super) async fn look_out(
        &self,
        mut events: BoxStream<'static, anyhow::Result<PodEvent>>,
        scheduled: Sender<Option<String>>,
    ) -> anyhow::Result<String> {
        let begun = Instant::now();
        let mut since =
            Since { begun, unschedulable: None, obstructed: None, ended: None, told: false };
        loop {
            let sign = self.pod.borrow().as_deref().map(prospect);
            if let Some(reason) = self.judge(sign, &mut since).await {
                return Ok(reason);
            }
            match timeout(TICK, events.next()).await {
                Err(_) => {}
                Ok(Some(Ok(PodEvent::Present(pod)))) => self.see(pod, &scheduled),
                Ok(Some(Ok(PodEvent::Gone(_)))) => {
                    return Ok("its pod was deleted before the result was read".to_owned());
                }
                // The server ends a watch after some minutes, or the connection broke: look again.
                Ok(None | Some(Err(_))) => {
                    sleep(TICK / 10).await;
                    events =
                        pods::watch(self.cluster, &self.cluster.namespace, &self.selector).await?;
                }
            }
        }
    }

    fn see(&self, pod: Box<Pod>, scheduled: &Sender<Option<String>>) {
        let on_node = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
        if on_node && scheduled.borrow().is_none() {
            scheduled.send_replace(pod.metadata.name.clone());
        }
        self.pod.replace(Some(pod));
        self.changed.notify_one();
    }

    /// The reason to give up, if there is one.
    async fn judge(&self, sign: Option<Prospect>, since: &mut Since) -> Option<String> {
        let waited = since.begun.elapsed();
        if !matches!(sign, Some(Prospect::Unschedulable(_))) {
            since.unschedulable = None;
        }
        match sign {
            None => return self.why_no_pod(waited).await,
            Some(Prospect::Hopeless(reason)) => return Some(advise(reason)),
            Some(Prospect::Unschedulable(reason)) => {
                let first = *since.unschedulable.get_or_insert_with(Instant::now);
                if first.elapsed() >= UNSCHEDULABLE_LIMIT {
                    return Some(advise(reason));
                }
            }
            Some(Prospect::Ended(how)) => {
                let first = *since.ended.get_or_insert_with(Instant::now);
                if first.elapsed() >= LAST_WORDS {
                    return Some(format!("its log cannot be read (container: {how})"));
                }
            }
            Some(Prospect::Waiting(state)) => return self.wait_on(&state, waited, since).await,
            Some(Prospect::Started) => {}
        }
        None
    }

    async fn wait_on(&self, state: &str, waited: Duration, since: &mut Since) -> Option<String> {
        if waited >= self.placement.start_limit {
            let warning = self.said("Pod", events::Kind::Warning).await.pop();
            let warning = warning.map_or(String::new(), |text| format!("; {text}"));
            return Some(format!("its pod is still {state} after {} s{warning}", waited.as_secs()));
        }
        if waited >= OBSTACLE_HINT
            && let Some(reason) = self.lasting_obstacle(since).await
        {
            return Some(reason);
        }
        if waited >= SLOW_START && !since.told && !self.heard.get() {
            since.told = true;
            let event = self.said("Pod", events::Kind::Any).await.pop();
            let event = event.map_or(String::new(), |text| format!(", {text}"));
            let limit = self.placement.start_limit.as_secs();
            output::note(&format!(
                "waiting at most {limit} s for the probe's pod to start: {state}{event}"
            ));
        }
        None
    }

    async fn why_no_pod(&self, waited: Duration) -> Option<String> {
        if waited < NO_POD_HINT {
            return None;
        }
        if let Some(warning) = self.said("Job", events::Kind::Warning).await.pop() {
            return Some(warning.to_string());
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
        let Some(obstacle) = StartupProblem::read(&self.said("Pod", events::Kind::Any).await)
        else {
            since.obstructed = None;
            return None;
        };
        let first = *since.obstructed.get_or_insert_with(Instant::now);
        obstacle.is_lasting(first.elapsed()).then_some(obstacle.text)
    }

    /// What the cluster said about the Job or its pod, the latest last. Not everybody may read events: then nothing.
    async fn said(&self, kind: &str, wanted: events::Kind) -> Vec<events::EventText> {
        let pod = || self.pod.borrow().as_ref().and_then(|pod| pod.metadata.name.clone());
        let Some(name) = (if kind == "Pod" { pod() } else { Some(self.name.clone()) }) else {
            return Vec::new();
        };
        let namespace = &self.cluster.namespace;
        events::about(self.cluster, namespace, (kind, &name), wanted).await.unwrap_or_default()
    }
}

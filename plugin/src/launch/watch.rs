//! Watches the pods of all probes of a run, and passes on what becomes of each.
//!
//! A proxy that holds answers back until they are whole lets no event through, and says nothing about it. So a watch
//! that is silent is held against a list: if the list shows what the watch did not, pods are listed from then on.

use std::{convert::Infallible, future::pending, pin::pin, sync::Arc, time::Duration};

use cluster::pods::{self, PodEvent};
use futures_util::{StreamExt as _, stream::BoxStream};
use k8s_openapi::api::core::v1::Pod;
use tokio::time::{Instant, sleep, timeout};

use super::{
    probe_job::{ProbeJob, Seen},
    run::Run,
};
use crate::output;

/// Pause before a watch that has ended is begun anew.
const PAUSE: Duration = Duration::from_millis(50);
/// After so much silence a watch is held against a list.
const SILENCE: Duration = Duration::from_secs(3);
/// How much later than a list a watch may say the same.
const LAG: Duration = Duration::from_millis(500);
/// Pause between two lists where watches say nothing.
const POLL: Duration = Duration::from_millis(500);

/// How a watch ended.
enum End {
    /// The server ended it, or the connection broke: another may do.
    Over,
    /// Pods cannot be watched.
    Refused(anyhow::Error),
    /// It does not say what happens.
    Mute,
}

impl Run<'_> {
    /// Watches for as long as it is polled. When pods cannot be watched, every probe is told so.
    pub(super) async fn watch(&self) -> Infallible {
        let error = Arc::new(self.pass_on_events().await);
        for job in &self.jobs {
            job.seen.send_replace(Seen::Unwatched(Arc::clone(&error)));
        }
        pending().await
    }

    async fn pass_on_events(&self) -> anyhow::Error {
        loop {
            match self.watch_once().await {
                End::Over => sleep(PAUSE).await,
                End::Refused(error) => return error,
                End::Mute => {
                    output::warning(
                        "a watch on pods says nothing, as behind a proxy that holds answers back: they are listed twice a second instead",
                    );
                    match self.list_for_ever().await {}
                }
            }
        }
    }

    async fn watch_once(&self) -> End {
        let mut begin = pin!(pods::watch(self.cluster, &self.cluster.namespace, &self.selector));
        let mut events = loop {
            match timeout(SILENCE, &mut begin).await {
                Ok(Ok(events)) => break events,
                Ok(Err(error)) => return End::Refused(error),
                Err(_) if self.look().await => return End::Mute,
                Err(_) => {}
            }
        };
        loop {
            match timeout(SILENCE, events.next()).await {
                Ok(Some(Ok(event))) => self.pass_on(event),
                Ok(_) => return End::Over,
                Err(_) if self.look().await && self.is_mute(&mut events).await => return End::Mute,
                Err(_) => {}
            }
        }
    }

    /// Whether a watch still does not say what a list has just shown.
    async fn is_mute(&self, events: &mut BoxStream<'static, anyhow::Result<PodEvent>>) -> bool {
        match timeout(LAG, events.next()).await {
            Ok(Some(Ok(event))) => {
                self.pass_on(event);
                false
            }
            // That it has ended is noticed by whoever asks it next.
            Ok(_) => false,
            Err(_) => true,
        }
    }

    /// Lists the pods, and gives whether that showed anything new.
    async fn look(&self) -> bool {
        let namespace = &self.cluster.namespace;
        let Ok(pods) = pods::list(self.cluster, namespace, &self.selector).await else {
            return false;
        };
        let mut is_news = false;
        for pod in pods {
            let known = self.job_of(&pod).and_then(ProbeJob::pod);
            let version = |pod: &Pod| pod.metadata.resource_version.clone();
            is_news |= known.is_none_or(|known| version(&known) != version(&pod));
            self.pass_on(PodEvent::Present(Box::new(pod)));
        }
        is_news
    }

    async fn list_for_ever(&self) -> Infallible {
        let namespace = &self.cluster.namespace;
        loop {
            sleep(POLL).await;
            let Ok(pods) = pods::list(self.cluster, namespace, &self.selector).await else {
                continue;
            };
            for job in &self.jobs {
                let seen = job.seen.borrow().clone();
                if let Seen::Pod(pod) = seen
                    && !pods.iter().any(|there| there.metadata.uid == pod.metadata.uid)
                {
                    job.seen.send_replace(Seen::Gone(pod));
                }
            }
            for pod in pods {
                self.pass_on(PodEvent::Present(Box::new(pod)));
            }
        }
    }

    fn job_of(&self, pod: &Pod) -> Option<&ProbeJob<'_>> {
        self.jobs.iter().find(|job| job.owns(pod))
    }

    fn pass_on(&self, event: PodEvent) {
        let (pod, is_gone) = match event {
            PodEvent::Present(pod) => (pod, false),
            PodEvent::Gone(pod) => (pod, true),
        };
        let pod: Arc<Pod> = Arc::from(pod);
        let Some(job) = self.job_of(&pod) else { return };
        match (&*job.seen.borrow(), is_gone) {
            // Nothing comes back. A pod that the Job controller makes anew would report a second time.
            (Seen::Gone(_), _) => return,
            (Seen::NoPod, false) => job.run.newest_pod.set(Instant::now()),
            _ => {}
        }
        job.seen.send_replace(if is_gone { Seen::Gone(pod) } else { Seen::Pod(pod) });
    }
}

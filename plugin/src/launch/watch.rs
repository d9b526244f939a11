//! Watches the pods of all probes of a run, and passes on what becomes of each.

use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use cluster::pods::{self, PodEvent};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use tokio::time::{Instant, sleep};

use super::{probe_job::Seen, run::Run};

/// Pause before a watch that has ended is begun anew.
const PAUSE: Duration = Duration::from_millis(50);

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
            let begun = pods::watch(self.cluster, &self.cluster.namespace, &self.selector).await;
            let mut events = match begun {
                Ok(events) => events,
                Err(error) => return error,
            };
            while let Some(Ok(event)) = events.next().await {
                self.pass_on(event);
            }
            // The server ends a watch after some minutes, or the connection broke: look again.
            sleep(PAUSE).await;
        }
    }

    fn pass_on(&self, event: PodEvent) {
        let (pod, is_gone) = match event {
            PodEvent::Present(pod) => (pod, false),
            PodEvent::Gone(pod) => (pod, true),
        };
        let pod: Arc<Pod> = Arc::from(pod);
        let Some(job) = self.jobs.iter().find(|job| job.owns(&pod)) else { return };
        match (&*job.seen.borrow(), is_gone) {
            // Nothing comes back. A pod that the Job controller makes anew would report a second time.
            (Seen::Gone(_), _) => return,
            (Seen::NoPod, false) => job.run.newest_pod.set(Instant::now()),
            _ => {}
        }
        job.seen.send_replace(if is_gone { Seen::Gone(pod) } else { Seen::Pod(pod) });
    }
}

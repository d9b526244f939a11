//! Reads a probe's log, from the first moment at which there is one to the record that ends it.

use std::time::Duration;

use futures_util::{AsyncBufRead, AsyncBufReadExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use tokio::time::{sleep, timeout};

use cluster::logs::{self, Log};

use super::{
    probe_job::{ProbeJob, Seen},
    probe_pod,
    stream::{Reader, Results},
};
use crate::pods::{Prospect, prospect};

/// Pause between two requests for a log that is not there yet. A request takes about 5 ms. All probes of a run together
/// send no more of them than one alone, as far as that keeps nobody waiting longer than the limit.
const RETRY: Duration = Duration::from_millis(30);
const RETRY_LIMIT: Duration = Duration::from_millis(500);
/// How often a log that ended early is read again, from its start.
const REREADS: u32 = 2;
/// How long to wait for the kubelet to say how a container ended; it looks once a second.
const ENDING_LIMIT: Duration = Duration::from_millis(2500);

impl ProbeJob<'_> {
    /// Reads the pod's log once it has a node: whole results, or why they are not whole.
    ///
    /// # Errors
    ///
    /// When the log may not be read.
    pub(super) async fn read_log(&self) -> anyhow::Result<Result<Results, String>> {
        let mut seen = self.seen.subscribe();
        let pod = match seen.wait_for(|seen| name_on_node(seen).is_some()).await {
            Ok(seen) => name_on_node(&seen).unwrap_or_default(),
            // Nothing is seen any more once the run is over, and that ends this too.
            Err(_) => return std::future::pending().await,
        };
        let count = u32::try_from(self.run.count).unwrap_or(u32::MAX);
        let pause = RETRY.saturating_mul(count).min(RETRY_LIMIT);
        let mut reader = Reader::default();
        let mut reads = 0;
        while !reader.is_finished() && reads <= REREADS {
            match logs::follow(self.cluster, &self.cluster.namespace, &pod, probe_pod::CONTAINER)
                .await
            {
                Ok(Log::NotYet) => {
                    let _ = timeout(pause, seen.changed()).await;
                }
                Ok(Log::Open(log)) => {
                    reads += 1;
                    self.read_lines(log, &mut reader).await;
                }
                Err(error) if reads == 0 => return Err(error),
                Err(_) => {
                    reads += 1;
                    sleep(RETRY * reads).await;
                }
            }
        }
        match reader.finish() {
            Ok(results) => Ok(Ok(results)),
            Err(reason) => Ok(Err(match self.ending().await {
                Some(ending) => format!("{reason} ({ending})"),
                None => reason,
            })),
        }
    }

    /// Reads until all is said or the log ends, for whatever reason.
    async fn read_lines(&self, log: impl AsyncBufRead + Unpin, reader: &mut Reader) {
        let mut lines = log.lines();
        while let Some(Ok(line)) = lines.next().await {
            reader.line(&line);
            self.heard.set(reader.has_begun());
            if reader.is_finished() {
                return;
            }
        }
        sleep(RETRY).await;
    }

    /// How it ended, if the cluster says so soon.
    async fn ending(&self) -> Option<String> {
        let ended = async {
            loop {
                if let Some(ending) = self.pod().as_deref().and_then(ending) {
                    return ending;
                }
                sleep(RETRY).await;
            }
        };
        timeout(ENDING_LIMIT, ended).await.ok()
    }
}

/// How a pod ended, or why it is about to.
fn ending(pod: &Pod) -> Option<String> {
    if pod.metadata.deletion_timestamp.is_some() {
        return Some("its pod was deleted".to_owned());
    }
    match prospect(pod) {
        Prospect::Ended(how) | Prospect::Hopeless(how) => Some(format!("container: {how}")),
        _ => None,
    }
}

/// The name of a pod that has a node, so that there is a kubelet to ask for its log.
fn name_on_node(seen: &Seen) -> Option<String> {
    let Seen::Pod(pod) = seen else { return None };
    pod.spec.as_ref()?.node_name.as_ref()?;
    pod.metadata.name.clone()
}

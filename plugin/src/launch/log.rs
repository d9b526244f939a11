//! Reads a probe's log, from the first moment at which there is one to the record that ends it.
//!
//! Much can end a stream early, or leave it open without a word: a node without free inotify instances, a proxy between
//! that ends what is idle, a log that is rotated, a kubelet that restarts. So the log is read again, from its start, until
//! all is said or the pod has ended and was read once more; every other time without following, because not all that
//! is in the way of the one is in the way of the other.

use std::time::Duration;

use futures_util::{AsyncBufRead, AsyncBufReadExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use tokio::time::{sleep, timeout};

use cluster::logs::{self, Log, Until};

use super::{
    probe_job::{ProbeJob, Seen},
    probe_pod,
    stream::{Reader, Results},
};
use crate::{
    cli::DEFAULT_IMAGE,
    pods::{Prospect, prospect},
};

/// Pause between two requests for a log that is not there yet, for as long as the watch says nothing new: it is what
/// mostly says that there is one, and each request takes some milliseconds from the node that starts the pod. All probes
/// of a run together send no more of them than one alone, as far as that keeps nobody waiting longer than the limit.
const RETRY: Duration = Duration::from_millis(250);
const RETRY_LIMIT: Duration = Duration::from_millis(500);
/// A stream that says nothing for so long after the pod's end will not say more.
const SILENCE: Duration = Duration::from_secs(1);
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
        let mut reads = 0_u32;
        while !reader.is_finished() {
            // What is read after the end is all that there will ever be.
            let is_last = self.has_ended();
            let until = if is_last || reads % 2 == 1 { Until::Now } else { Until::Ended };
            let namespace = &self.cluster.namespace;
            match logs::read(self.cluster, namespace, &pod, probe_pod::CONTAINER, until).await {
                Ok(Log::NotYet(why)) => {
                    self.no_log.replace(Some(why));
                    let _ = timeout(pause, seen.changed()).await;
                    continue;
                }
                Ok(Log::Open(log)) => self.read_lines(log, &mut reader).await,
                Err(error) if reads == 0 => return Err(error),
                Err(error) => drop(self.no_log.replace(Some(format!("{error:#}")))),
            }
            if is_last {
                break;
            }
            reads += 1;
            if !reader.is_finished() {
                sleep(RETRY.saturating_mul(reads).min(RETRY_LIMIT)).await;
            }
        }
        match reader.finish() {
            Ok(results) => Ok(Ok(results)),
            Err(reason) => Ok(Err(self.why_not_whole(reason).await)),
        }
    }

    /// Reads until all is said, the log ends for whatever reason, or the pod has ended and nothing more comes.
    async fn read_lines(&self, log: impl AsyncBufRead + Unpin, reader: &mut Reader) {
        let mut lines = log.lines();
        while !reader.is_finished() {
            match timeout(SILENCE, lines.next()).await {
                Ok(Some(Ok(line))) => {
                    reader.line(&line);
                    if reader.has_begun() {
                        self.hear();
                    }
                }
                Ok(_) => return,
                Err(_) if self.has_ended() => return,
                Err(_) => {}
            }
        }
    }

    /// The same reason, with how the container ended. One that says nothing of ours may be of an image that is not ours.
    async fn why_not_whole(&self, reason: String) -> String {
        let ending = self.ending().await;
        let reason = match ending {
            Some(ending) => format!("{reason} ({ending})"),
            None => reason,
        };
        match self.stranger().filter(|_| self.heard.get().is_none() && self.has_ended()) {
            Some(image) => format!("{reason}; {}", no_probe(&image)),
            None => reason,
        }
    }

    /// The image that was named as the probe's and is not that of this release, if it is to be the probe itself.
    pub(super) fn stranger(&self) -> Option<String> {
        let pod = self.pod()?;
        let mut containers = pod.spec.as_ref()?.containers.iter();
        let own = containers.find(|container| container.name == probe_pod::CONTAINER)?;
        let image = own.image.clone().filter(|image| image != DEFAULT_IMAGE)?;
        own.command.is_none().then_some(image)
    }

    /// Whether its container has ended, as far as that is seen.
    fn has_ended(&self) -> bool {
        let ended = |pod: &Pod| matches!(prospect(pod, probe_pod::CONTAINER), Prospect::Ended(_));
        self.pod().is_some_and(|pod| ended(&pod))
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

/// What is said of an image whose program does not speak as a probe does.
pub(super) fn no_probe(image: &str) -> String {
    format!(
        "{image} does not seem to be an image of the probe: leave out --probe-image, or have the probe carried by it, if it \
         has a shell: --carrier {image}"
    )
}

/// How a pod ended, or why it is about to.
fn ending(pod: &Pod) -> Option<String> {
    if pod.metadata.deletion_timestamp.is_some() {
        return Some("its pod was deleted".to_owned());
    }
    match prospect(pod, probe_pod::CONTAINER) {
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

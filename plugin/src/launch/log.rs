//! Reads a probe's log, from the first moment at which there is one to the record that ends it.

use std::time::Duration;

use futures_util::{AsyncBufRead, AsyncBufReadExt as _, StreamExt as _};
use tokio::{
    sync::watch::Receiver,
    time::{sleep, timeout},
};

use cluster::logs::{self, Log};

use super::{
    probe_job::ProbeJob,
    probe_pod,
    stream::{Reader, Results},
};
use crate::pods::{Prospect, prospect};

/// Pause between two requests for a log that is not there yet. A request takes about 5 ms.
const RETRY: Duration = Duration::from_millis(30);
/// How often a log that ended early is read again, from its start.
const REREADS: u32 = 2;
/// How long to wait for the kubelet to say how a container ended; it looks once a second.
const ENDING_LIMIT: Duration = Duration::from_millis(2500);

impl ProbeJob<'_> {
    /// Reads the log of the pod that `on_node` names: whole results, or why they are not whole.
    ///
    /// # Errors
    ///
    /// When the log may not be read.
    pub(super) async fn read_log(
        &self,
        mut on_node: Receiver<Option<String>>,
    ) -> anyhow::Result<Result<Results, String>> {
        let pod = match on_node.wait_for(Option::is_some).await {
            Ok(pod) => pod.clone().unwrap_or_default(),
            // Whoever looked out has given up, and says why.
            Err(_) => return std::future::pending().await,
        };
        let mut reader = Reader::default();
        let mut reads = 0;
        while !reader.is_finished() && reads <= REREADS {
            match logs::follow(self.cluster, &self.cluster.namespace, &pod, probe_pod::CONTAINER)
                .await
            {
                Ok(Log::NotYet(_)) => {
                    let _ = timeout(RETRY, self.changed.notified()).await;
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
                Some(ending) => format!("{reason} (container: {ending})"),
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

    /// How the container ended, if the cluster says so soon.
    async fn ending(&self) -> Option<String> {
        let ended = async {
            loop {
                let sign = self.pod.borrow().as_deref().map(prospect);
                if let Some(Prospect::Ended(how) | Prospect::Hopeless(how)) = sign {
                    return how;
                }
                sleep(RETRY).await;
            }
        };
        timeout(ENDING_LIMIT, ended).await.ok()
    }
}

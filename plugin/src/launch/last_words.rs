//! What a probe leaves in its container's status when it ends: its results once more, as far as 4 KiB hold them. They are
//! all that there is when the kubelet cannot be asked for the log, because its port is closed or a tunnel to it is down:
//! the status comes from the kubelet to the API server, and not the other way.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::time::sleep;

use super::{
    probe_job::{ProbeJob, Seen},
    probe_pod,
    stream::{Reader, Results},
};
use crate::output;

/// How long the log of a pod that has ended is preferred. It has all that the probe said, and mostly is read long before.
const LOG_FIRST: Duration = Duration::from_secs(2);

impl ProbeJob<'_> {
    /// The results from the pod's status, if it ends and has them and nobody could read its log.
    pub(super) async fn last_words(&self) -> Results {
        let mut seen = self.seen.subscribe();
        let said = |seen: &Seen| match seen {
            Seen::Pod(pod) | Seen::Gone(pod) => message(pod).is_some(),
            Seen::NoPod | Seen::Unwatched(_) => false,
        };
        if seen.wait_for(said).await.is_ok() {
            sleep(LOG_FIRST).await;
            if let Some(results) = self.left_behind() {
                return results;
            }
        }
        std::future::pending().await
    }

    /// The results in the pod's status as last seen, if they are whole. The user is told why they come that way.
    pub(super) fn left_behind(&self) -> Option<Results> {
        let pod = self.pod()?;
        let records = probe::unpack_records(message(&pod)?).ok()?;
        let mut reader = Reader::default();
        records.lines().for_each(|line| reader.line(line));
        let results = reader.finish().ok()?;
        self.hear_late();
        let why = self.no_log.borrow();
        let why = why.as_deref().unwrap_or("nothing came");
        output::warning(&format!(
            "the log of pod {} cannot be read, so the result is from its status: {why}",
            pod.metadata.name.as_deref().unwrap_or_default()
        ));
        Some(results)
    }
}

/// What the probe's container wrote for its status.
fn message(pod: &Pod) -> Option<&str> {
    let mut statuses = pod.status.as_ref()?.container_statuses.iter().flatten();
    let own = statuses.find(|status| status.name == probe_pod::CONTAINER)?;
    own.state.as_ref()?.terminated.as_ref()?.message.as_deref()
}

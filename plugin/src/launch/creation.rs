//! The request that creates a Job, which is never abandoned half-way.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use tokio::{task::JoinHandle, time::timeout};

use cluster::{
    Cluster,
    jobs::{self, NotCreated},
};

/// A creation under way, in a task of its own so that it reaches its end whatever happens to those who wait for it.
/// Abandoned, it could still be carried out by the server after we have deleted what was not there yet.
pub(super) struct Creation {
    request: Option<JoinHandle<Result<(), NotCreated>>>,
    refused: bool,
}

impl Creation {
    /// Sends the request.
    pub(super) fn begin(cluster: Cluster, job: Job) -> Self {
        let request = async move { jobs::create(&cluster, &cluster.namespace, &job).await };
        Self { request: Some(tokio::spawn(request)), refused: false }
    }

    /// The API server's answer, given once. Safe to drop and call again.
    ///
    /// # Errors
    ///
    /// When the Job was not, or may not have been, created.
    pub(super) async fn answer(&mut self) -> anyhow::Result<()> {
        let Some(request) = &mut self.request else { return Ok(()) };
        let answer = request.await;
        self.request = None;
        match answer? {
            Ok(()) => Ok(()),
            Err(NotCreated::Refused(error)) => {
                self.refused = true;
                Err(error)
            }
            Err(NotCreated::Unanswered(error)) => Err(error),
        }
    }

    /// Whether there may be something to remove, once that is settled or `limit` has passed.
    pub(super) async fn may_exist(&mut self, limit: Duration) -> bool {
        // Its error was reported, or somebody pressed Ctrl-C and does not care.
        let _ = timeout(limit, self.answer()).await;
        !self.refused
    }
}

//! A request that makes something in the cluster, which is never abandoned half-way.

use std::time::Duration;

use anyhow::bail;
use tokio::{task::JoinHandle, time::timeout};

use cluster::objects::NotMade;

/// A creation under way, in a task of its own so that it reaches its end whatever happens to those who wait for it.
/// Abandoned, it could still be carried out by the server after we have deleted what was not there yet.
pub(crate) struct Creation<K> {
    request: Option<JoinHandle<Result<K, NotMade>>>,
    known: Known,
}

/// What is known about a thing that was to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    Made,
    Refused,
}

impl<K: Send + 'static> Creation<K> {
    /// Sends the request.
    pub(crate) fn begin(
        request: impl Future<Output = Result<K, NotMade>> + Send + 'static,
    ) -> Self {
        Self { request: Some(tokio::spawn(request)), known: Known::Nothing }
    }

    /// The API server's answer, given once. Safe to drop and call again until then.
    ///
    /// # Errors
    ///
    /// When it was not, or may not have been, made.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<K> {
        let Some(request) = &mut self.request else { bail!("the answer was given before") };
        let answer = request.await;
        self.request = None;
        match answer? {
            Ok(made) => {
                self.known = Known::Made;
                Ok(made)
            }
            Err(NotMade::Refused(error)) => {
                self.known = Known::Refused;
                Err(error)
            }
            Err(NotMade::Unanswered(error)) => Err(error),
        }
    }

    /// Whether there may be something to remove, once that is settled or `limit` has passed.
    pub(crate) async fn may_exist(&mut self, limit: Duration) -> bool {
        // Its error was reported, or somebody pressed Ctrl-C and does not care.
        if timeout(limit, self.answer()).await.is_err()
            && let Some(request) = &self.request
        {
            // It may be waiting for its next try, which must not come after the deletion.
            request.abort();
        }
        self.known != Known::Refused
    }

    /// Whether it is known that nothing was made.
    pub(crate) fn is_refused(&self) -> bool {
        self.known == Known::Refused
    }

    /// Whether nobody knows if it was made.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.known == Known::Nothing
    }
}

//! Jobs: create one, and know whether it may be there when no answer came.

use k8s_openapi::api::batch::v1::Job;
use kube::{Api, api::PostParams};

use super::{Cluster, errors};

/// Why a Job was not created, as far as can be known.
#[derive(Debug)]
pub enum NotCreated {
    /// The API server said no, or never heard of it: there is no Job.
    Refused(anyhow::Error),
    /// No answer came: there may be a Job.
    Unanswered(anyhow::Error),
}

/// Creates a Job in `namespace`.
///
/// # Errors
///
/// [`NotCreated`] says whether something may have been created all the same.
pub async fn create(cluster: &Cluster, namespace: &str, job: &Job) -> Result<(), NotCreated> {
    let jobs: Api<Job> = Api::namespaced(cluster.client.clone(), namespace);
    let request = cluster.in_time(jobs.create(&PostParams::default(), job)).await;
    match request.map_err(NotCreated::Unanswered)? {
        Ok(_) => Ok(()),
        Err(error) if errors::is_unsent(&error) => Err(NotCreated::Refused(cluster.explain(error))),
        // A server error of the 5xx kind may come from a proxy, after the request was passed on.
        Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {
            Err(NotCreated::Refused(cluster.explain(kube::Error::Api(status))))
        }
        Err(error) => Err(NotCreated::Unanswered(cluster.explain(error))),
    }
}

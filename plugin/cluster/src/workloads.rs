//! Which pods belong to a workload.

use anyhow::Context as _;
use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        batch::v1::Job,
    },
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use kube::{Api, core::Selector};

use super::Cluster;

/// Workloads whose pods carry a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` `StatefulSet`.
    StatefulSet,
    /// `apps/v1` `DaemonSet`.
    DaemonSet,
    /// `batch/v1` Job.
    Job,
}

/// The label selector of a workload's pods, as a query string.
///
/// # Errors
///
/// kubectl's `NotFound` and `Forbidden` words, or why the server cannot be asked.
pub async fn selector(
    cluster: &Cluster,
    namespace: &str,
    workload: Workload,
    name: &str,
) -> anyhow::Result<String> {
    macro_rules! selector_of {
        ($kind:ty) => {{
            let objects: Api<$kind> = Api::namespaced(cluster.client.clone(), namespace);
            let object = cluster.limited(objects.get(name)).await?;
            object.spec.and_then(|spec| spec.selector.into())
        }};
    }
    let selector: Option<LabelSelector> = match workload {
        Workload::Deployment => selector_of!(Deployment),
        Workload::StatefulSet => selector_of!(StatefulSet),
        Workload::DaemonSet => selector_of!(DaemonSet),
        Workload::Job => selector_of!(Job),
    };
    let selector = selector.with_context(|| format!("{name} has no selector"))?;
    Ok(Selector::try_from(selector)?.to_string())
}

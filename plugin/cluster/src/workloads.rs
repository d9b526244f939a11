//! Which pods belong to a workload, and what it says about them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        batch::v1::Job,
    },
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};
use kube::{Api, core::Selector};

use super::{
    Cluster, Found,
    look::{self, Among, Answer},
};

/// Workloads whose pods carry a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// The label selector of a workload's pods as a query string, if there is such a workload.
///
/// # Errors
///
/// kubectl's `Forbidden` words, or why the server cannot be asked.
pub async fn selector(
    cluster: &Cluster,
    namespace: &str,
    workload: Workload,
    name: &str,
) -> anyhow::Result<Found<String>> {
    macro_rules! selector_of {
        ($kind:ty) => {{
            let objects: Api<$kind> = Api::namespaced(cluster.client.clone(), namespace);
            let object = match cluster.found(objects.get(name)).await? {
                Ok(object) => object,
                Err(missing) => return Ok(Err(missing)),
            };
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
    Ok(Ok(Selector::try_from(selector)?.to_string()))
}

/// What a workload wants and says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadState {
    /// Its name.
    pub name: String,
    /// Its unique name in time, by which events speak of it.
    pub uid: String,
    /// How many pods it wants; unknown until its controller has counted.
    pub wanted: Option<i32>,
    /// The labels of the pods that it makes.
    pub labels: BTreeMap<String, String>,
    /// Label selector of its pods, as a query string.
    pub selector: String,
    /// Whether it is told to make none for now.
    pub suspended: bool,
    /// Why it makes no pods, in its controller's words (condition `ReplicaFailure`).
    pub failure: Option<String>,
}

/// The workloads of one kind in a namespace: the first thousand.
pub async fn states(
    cluster: &Cluster,
    namespace: &str,
    workload: Workload,
) -> Answer<Vec<WorkloadState>> {
    let among = Among { namespace: Some(namespace), ..Among::default() };
    match workload {
        Workload::Deployment => look::objects(cluster, among).await.each(deployment),
        Workload::StatefulSet => look::objects(cluster, among).await.each(stateful_set),
        Workload::DaemonSet => look::objects(cluster, among).await.each(daemon_set),
        Workload::Job => look::objects(cluster, among).await.each(job),
    }
}

fn deployment(of: Deployment) -> WorkloadState {
    let spec = of.spec.unwrap_or_default();
    let conditions = of.status.and_then(|status| status.conditions).unwrap_or_default();
    let failure =
        conditions.into_iter().find(|c| c.type_ == "ReplicaFailure" && c.status == "True");
    WorkloadState {
        wanted: Some(spec.replicas.unwrap_or(1)),
        failure: failure.and_then(|condition| condition.message),
        ..state(of.metadata, spec.template.metadata, Some(spec.selector))
    }
}

fn stateful_set(of: StatefulSet) -> WorkloadState {
    let spec = of.spec.unwrap_or_default();
    let wanted = Some(spec.replicas.unwrap_or(1));
    WorkloadState { wanted, ..state(of.metadata, spec.template.metadata, Some(spec.selector)) }
}

fn daemon_set(of: DaemonSet) -> WorkloadState {
    let spec = of.spec.unwrap_or_default();
    let wanted = of.status.map(|status| status.desired_number_scheduled);
    WorkloadState { wanted, ..state(of.metadata, spec.template.metadata, Some(spec.selector)) }
}

fn job(of: Job) -> WorkloadState {
    let spec = of.spec.unwrap_or_default();
    WorkloadState {
        wanted: spec.parallelism,
        suspended: spec.suspend == Some(true),
        ..state(of.metadata, spec.template.metadata, spec.selector)
    }
}

fn state(
    metadata: ObjectMeta,
    pods: Option<ObjectMeta>,
    selector: Option<LabelSelector>,
) -> WorkloadState {
    let selector = selector.and_then(|selector| Selector::try_from(selector).ok());
    WorkloadState {
        name: metadata.name.unwrap_or_default(),
        uid: metadata.uid.unwrap_or_default(),
        labels: pods.and_then(|pods| pods.labels).unwrap_or_default(),
        selector: selector.map(|selector| selector.to_string()).unwrap_or_default(),
        ..WorkloadState::default()
    }
}

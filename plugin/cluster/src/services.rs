//! Services and the addresses behind them.

use k8s_openapi::api::{core::v1::Service, discovery::v1::EndpointSlice};
use kube::{Api, api::ListParams};

use super::{Cluster, Found, objects};

/// One Service, if there is such a one.
///
/// # Errors
///
/// kubectl's `Forbidden` words, or why the server cannot be asked.
pub async fn get(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<Found<Service>> {
    let services: Api<Service> = Api::namespaced(cluster.client.clone(), namespace);
    cluster.found(services.get(name)).await
}

/// The Services of a namespace, or of all.
///
/// # Errors
///
/// As [`get`].
pub async fn list(cluster: &Cluster, namespace: Option<&str>) -> anyhow::Result<Vec<Service>> {
    let services: Api<Service> = match namespace {
        Some(namespace) => Api::namespaced(cluster.client.clone(), namespace),
        None => Api::all(cluster.client.clone()),
    };
    objects::list(cluster, &services, ListParams::default()).await
}

/// The `EndpointSlice` objects of a Service.
///
/// # Errors
///
/// As [`get`].
pub async fn endpoint_slices(
    cluster: &Cluster,
    namespace: &str,
    service: &str,
) -> anyhow::Result<Vec<EndpointSlice>> {
    let slices: Api<EndpointSlice> = Api::namespaced(cluster.client.clone(), namespace);
    let params = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
    objects::list(cluster, &slices, params).await
}

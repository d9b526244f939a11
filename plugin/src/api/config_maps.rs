//! `ConfigMap` objects: read, apply, delete.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, Patch},
};

use super::{Cluster, apply_params};

fn api(cluster: &Cluster) -> Api<ConfigMap> {
    Api::namespaced(cluster.client.clone(), &cluster.namespace)
}

/// One ConfigMap of the cluster's namespace, if there is one.
///
/// # Errors
///
/// kubectl's words for what the server refuses, or why it cannot be asked.
pub async fn find(cluster: &Cluster, name: &str) -> anyhow::Result<Option<ConfigMap>> {
    cluster.limited(api(cluster).get_opt(name)).await
}

/// Creates it, or makes it as given (server-side apply).
///
/// # Errors
///
/// As [`find`].
pub async fn apply(cluster: &Cluster, object: &ConfigMap) -> anyhow::Result<ConfigMap> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    cluster.limited(api(cluster).patch(name, &apply_params(), &Patch::Apply(object))).await
}

/// Deletes it, and in the background what it owns. Gives whether there was one.
///
/// # Errors
///
/// As [`find`].
pub async fn delete(cluster: &Cluster, name: &str) -> anyhow::Result<bool> {
    match api(cluster).delete(name, &DeleteParams::background()).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
        Err(error) => Err(cluster.explain(error)),
    }
}

//! Objects of the cluster's namespace, of whatever kind: read, apply, delete.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};

use super::Cluster;

/// An object that lives in a namespace, by its kind.
pub trait Object:
    kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
{
}

impl<K> Object for K where
    K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
{
}

fn api<K: Object>(cluster: &Cluster) -> Api<K> {
    Api::namespaced(cluster.client.clone(), &cluster.namespace)
}

/// The object of this kind and name, if there is one.
///
/// # Errors
///
/// kubectl's words for what the server refuses, or why it cannot be asked.
pub async fn find<K: Object>(cluster: &Cluster, name: &str) -> anyhow::Result<Option<K>> {
    cluster.limited(api(cluster).get_opt(name)).await
}

/// Creates it, or makes it as given: server-side apply as this program. Forced: what we made is ours, whoever touched
/// it since.
///
/// # Errors
///
/// As [`find`].
pub async fn apply<K: Object>(cluster: &Cluster, object: &K) -> anyhow::Result<K> {
    let name = object.meta().name.as_deref().unwrap_or_default();
    let params = PatchParams::apply("kubectl-pods").force();
    cluster.limited(api(cluster).patch(name, &params, &Patch::Apply(object))).await
}

/// Deletes it, and in the background what it owns. Gives whether there was one.
///
/// # Errors
///
/// As [`find`].
pub async fn delete<K: Object>(cluster: &Cluster, name: &str) -> anyhow::Result<bool> {
    match cluster.in_time(api::<K>(cluster).delete(name, &DeleteParams::background())).await? {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
        Err(error) => Err(cluster.explain(error)),
    }
}

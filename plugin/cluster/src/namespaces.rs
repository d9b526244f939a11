//! Which namespaces there are.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt, api::ListParams};

use super::Cluster;

/// The names of all namespaces, or nothing where there are more than `limit`.
///
/// # Errors
///
/// kubectl's words for what the server refuses, or why it cannot be asked.
pub async fn names(cluster: &Cluster, limit: u32) -> anyhow::Result<Option<Vec<String>>> {
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    let params = ListParams::default().limit(limit);
    let list = cluster.limited(namespaces.list_metadata(&params)).await?;
    if list.metadata.continue_.is_some_and(|token| !token.is_empty()) {
        return Ok(None);
    }
    Ok(Some(list.items.iter().map(ResourceExt::name_any).collect()))
}

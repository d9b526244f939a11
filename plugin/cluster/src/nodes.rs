//! Nodes.

use k8s_openapi::api::core::v1::Node;
use kube::Api;

use super::Cluster;

/// Whether there is a node of this name.
///
/// # Errors
///
/// When nodes may not be read, or the server cannot be asked.
pub async fn exists(cluster: &Cluster, name: &str) -> anyhow::Result<bool> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    Ok(cluster.limited(nodes.get_opt(name)).await?.is_some())
}

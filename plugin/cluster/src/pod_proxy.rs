//! HTTP to a pod through the API server, so that it needs no route from here to there.

use http::Request;

use super::Cluster;

/// The body that a pod's `port` answers at `path`.
///
/// # Errors
///
/// When the pod cannot be reached, answers with an error, or the right `get pods/proxy` is missing.
pub async fn get(cluster: &Cluster, pod: &str, port: u16, path: &str) -> anyhow::Result<String> {
    let namespace = &cluster.namespace;
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}");
    let request = Request::get(uri).body(Vec::new())?;
    cluster.limited(cluster.client.request_text(request)).await
}

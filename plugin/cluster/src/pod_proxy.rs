//! HTTP to a pod through the API server, so that it needs no route from here to there.

use anyhow::{Context as _, ensure};
use futures_util::AsyncReadExt as _;
use http::Request;

use super::Cluster;

/// Bytes that an answer may have. A standing probe of a thousand checks has some hundred thousand to tell.
const LARGEST: u64 = 16 << 20;

/// The body that a pod's `port` answers at `path`. How long that may take is up to the caller.
///
/// # Errors
///
/// When the pod cannot be reached, answers with an error or with more than 16 MiB, or the right `get pods/proxy` is missing.
pub async fn get(cluster: &Cluster, pod: &str, port: u16, path: &str) -> anyhow::Result<String> {
    let namespace = &cluster.namespace;
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}");
    let request = Request::get(uri).body(Vec::new())?;
    let answer = async {
        let mut body = cluster.client.request_stream(request).await?.take(LARGEST + 1);
        let mut text = Vec::new();
        let read = body.read_to_end(&mut text).await;
        read.map_err(|error| kube::Error::Service(error.into()))?;
        Ok(text)
    };
    let text = cluster.limited(answer).await?;
    ensure!(text.len() as u64 <= LARGEST, "it answers with more than {} MiB", LARGEST >> 20);
    String::from_utf8(text).context("it answers with what is no text")
}

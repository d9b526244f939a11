//! Pods as objects: get, list by selector, watch, delete. (Lists for display come as Tables.)

use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{DeleteParams, ListParams, WatchEvent, WatchParams},
};

use super::{Cluster, errors::explain};

/// What a watch tells about one pod.
#[derive(Debug)]
pub enum PodEvent {
    /// It is there, like this.
    Present(Box<Pod>),
    /// It is gone; this was its last state.
    Gone(Box<Pod>),
}

fn api(cluster: &Cluster, namespace: &str) -> Api<Pod> {
    Api::namespaced(cluster.client.clone(), namespace)
}

/// One pod.
///
/// # Errors
///
/// kubectl's `NotFound` and `Forbidden` words, or why the server cannot be asked.
pub async fn get(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<Pod> {
    api(cluster, namespace).get(name).await.map_err(explain)
}

/// The pods that a label selector matches.
///
/// # Errors
///
/// As [`get`].
pub async fn list(
    cluster: &Cluster,
    namespace: &str,
    selector: &str,
) -> anyhow::Result<Vec<Pod>> {
    let params = ListParams::default().labels(selector);
    Ok(api(cluster, namespace).list(&params).await.map_err(explain)?.items)
}

/// Watches the pods that a label selector matches, beginning with those that exist. The stream ends when the server
/// ends it (some minutes); a new watch then begins with the state of that moment.
///
/// # Errors
///
/// As [`get`]; the same within the stream.
pub async fn watch(
    cluster: &Cluster,
    namespace: &str,
    selector: &str,
) -> anyhow::Result<impl Stream<Item = anyhow::Result<PodEvent>> + Unpin + use<>> {
    let params = WatchParams::default().labels(selector);
    let events = api(cluster, namespace).watch(&params, "").await.map_err(explain)?;
    let events = events.map_err(explain).try_filter_map(async |event| {
        Ok(match event {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                Some(PodEvent::Present(Box::new(pod)))
            }
            WatchEvent::Deleted(pod) => Some(PodEvent::Gone(Box::new(pod))),
            WatchEvent::Bookmark(_) => None,
            WatchEvent::Error(status) => return Err(explain(kube::Error::Api(status))),
        })
    });
    Ok(events.boxed())
}

/// Deletes a pod without waiting for its node. Gives whether there was one.
///
/// # Errors
///
/// As [`get`], except that an absent pod is none.
pub async fn delete_now(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<bool> {
    match api(cluster, namespace).delete(name, &DeleteParams::default().grace_period(0)).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
        Err(error) => Err(explain(error)),
    }
}

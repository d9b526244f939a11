//! Pods as objects: get, list by selector, watch, delete. (Lists for display come as Tables.)

use std::future::ready;

use futures_util::{StreamExt as _, stream::BoxStream};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{DeleteParams, ListParams, WatchEvent, WatchParams},
};

use super::{Cluster, Found, objects};

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

/// One pod, if there is such a one.
///
/// # Errors
///
/// kubectl's `Forbidden` words, or why the server cannot be asked.
pub async fn get(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<Found<Pod>> {
    cluster.found(api(cluster, namespace).get(name)).await
}

/// The pods that a label selector matches.
///
/// # Errors
///
/// As [`get`].
pub async fn list(cluster: &Cluster, namespace: &str, selector: &str) -> anyhow::Result<Vec<Pod>> {
    objects::list(cluster, &api(cluster, namespace), ListParams::default().labels(selector)).await
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
) -> anyhow::Result<BoxStream<'static, anyhow::Result<PodEvent>>> {
    let params = WatchParams::default().labels(selector);
    let pods = api(cluster, namespace);
    let events = pods.watch(&params, "").await.map_err(|error| cluster.explain(error))?;
    let cluster = cluster.clone();
    let events = events.filter_map(move |event| {
        ready(match event {
            Ok(WatchEvent::Added(pod) | WatchEvent::Modified(pod)) => {
                Some(Ok(PodEvent::Present(Box::new(pod))))
            }
            Ok(WatchEvent::Deleted(pod)) => Some(Ok(PodEvent::Gone(Box::new(pod)))),
            Ok(WatchEvent::Bookmark(_)) => None,
            Ok(WatchEvent::Error(status)) => Some(Err(cluster.explain(kube::Error::Api(status)))),
            Err(error) => Some(Err(cluster.explain(error))),
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
    let at_once = DeleteParams::default().grace_period(0);
    match cluster.in_time(api(cluster, namespace).delete(name, &at_once)).await? {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
        Err(error) => Err(cluster.explain(error)),
    }
}

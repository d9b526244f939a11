//! Events: what the cluster says about an object.

use k8s_openapi::api::core::v1::Event;
use kube::{Api, api::ListParams};

use super::Cluster;

/// Which events to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Warnings only.
    Warning,
    /// All of them.
    Any,
}

/// The messages of the events about one object, oldest first, each with its reason: `FailedCreate: …`.
///
/// # Errors
///
/// When events may not be read, or the server cannot be asked.
pub async fn about(
    cluster: &Cluster,
    namespace: &str,
    object: (&str, &str),
    wanted: Kind,
) -> anyhow::Result<Vec<String>> {
    let events: Api<Event> = Api::namespaced(cluster.client.clone(), namespace);
    let (kind, name) = object;
    let mut selector = format!("involvedObject.kind={kind},involvedObject.name={name}");
    if wanted == Kind::Warning {
        selector.push_str(",type=Warning");
    }
    let list = cluster.limited(events.list(&ListParams::default().fields(&selector))).await?;
    let texts = list.items.into_iter().map(|event| {
        let (reason, message) =
            (event.reason.unwrap_or_default(), event.message.unwrap_or_default());
        format!("{reason}: {message}")
    });
    Ok(texts.collect())
}

//! Events: what the cluster says about an object.

use std::fmt;

use k8s_openapi::api::core::v1::Event;
use kube::{Api, api::ListParams};

use super::Cluster;

/// One event: what was said, and how often in these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventText {
    /// One word: `FailedMount`.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// How often.
    pub times: u32,
    /// Whether something is wrong.
    pub is_warning: bool,
}

impl fmt::Display for EventText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

/// The events about one object, in the order in which they were last said.
///
/// # Errors
///
/// When events may not be read, or the server cannot be asked.
pub async fn about(
    cluster: &Cluster,
    namespace: &str,
    object: (&str, &str),
) -> anyhow::Result<Vec<EventText>> {
    let events: Api<Event> = Api::namespaced(cluster.client.clone(), namespace);
    let (kind, name) = object;
    let selector = format!("involvedObject.kind={kind},involvedObject.name={name}");
    let mut list = cluster.limited(events.list(&ListParams::default().fields(&selector))).await?;
    list.items.sort_by_key(last_second);
    Ok(list.items.into_iter().map(read).collect())
}

/// When it was last said, as a Unix time. Some sources give microseconds and some whole seconds; within one second the server's order
/// holds, which is that of their names and so of their making.
#[must_use]
pub fn last_second(event: &Event) -> Option<i64> {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let exact = series.or(event.event_time.as_ref()).map(|time| time.0.as_second());
    event.last_timestamp.as_ref().map(|time| time.0.as_second()).or(exact)
}

fn read(event: Event) -> EventText {
    let counted = event.series.and_then(|series| series.count).or(event.count);
    EventText {
        reason: event.reason.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        times: counted.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        is_warning: event.type_.as_deref() == Some("Warning"),
    }
}

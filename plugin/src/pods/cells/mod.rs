//! The cells that an API server computes for a pod, for lists that come from a file: NAME, READY, STATUS,
//! RESTARTS, AGE, IP, NODE, NOMINATED NODE, READINESS GATES.
//!
//! The rules are those of Kubernetes 1.36 (`pkg/printers/internalversion/printers.go`); the tests compare
//! them with the cells of a real API server. Whenever a server is at hand, its own cells are shown instead.

mod pod;
mod status;

use std::borrow::Cow;

use jiff::Timestamp;

pub(crate) use pod::Pod;
use table::{duration, row::ColumnDefinition};

const NONE: &str = "<none>";

/// The columns of [`row`].
pub(crate) fn columns() -> Vec<ColumnDefinition> {
    let columns = [
        ("Name", "name", 0),
        ("Ready", "", 0),
        ("Status", "", 0),
        ("Restarts", "", 0),
        ("Age", "", 0),
        ("IP", "", 1),
        ("Node", "", 1),
        ("Nominated Node", "", 1),
        ("Readiness Gates", "", 1),
    ];
    let definition = |(name, format, priority): (&str, &str, i32)| ColumnDefinition {
        name: name.to_owned(),
        r#type: String::from("string"),
        format: format.to_owned(),
        description: String::new(),
        priority,
    };
    columns.into_iter().map(definition).collect()
}

/// The cells of one pod as it looks at `now`.
pub(crate) fn row(pod: &Pod<'_>, now: Timestamp) -> Vec<Cow<'static, str>> {
    let summary = status::summarize(pod);
    let restarts = match summary.last_restart.filter(|_| summary.restarts != 0) {
        Some(time) => format!("{} ({} ago)", summary.restarts, duration::age(time, now)),
        None => summary.restarts.to_string(),
    };
    let created = pod.metadata.creation_timestamp;
    let or_none = |text: &Cow<'_, str>| {
        if text.is_empty() { String::from(NONE) } else { text.clone().into_owned() }
    };
    let cells = [
        pod.metadata.name.clone().into_owned(),
        format!("{}/{}", summary.ready, summary.total),
        summary.reason,
        restarts,
        created.map_or_else(|| String::from("<unknown>"), |created| duration::age(created, now)),
        address(pod),
        or_none(&pod.spec.node_name),
        or_none(&pod.status.nominated_node_name),
        readiness_gates(pod),
    ];
    cells.into_iter().map(Cow::Owned).collect()
}

/// `podIP` has the last word over `podIPs`, as in the server's conversion.
fn address(pod: &Pod<'_>) -> String {
    let first = pod.status.pod_ips.first().map(|address| &address.ip);
    let address = Some(&pod.status.pod_ip).filter(|ip| !ip.is_empty()).or(first);
    address.filter(|ip| !ip.is_empty()).map_or_else(|| String::from(NONE), ToString::to_string)
}

fn readiness_gates(pod: &Pod<'_>) -> String {
    let gates = &pod.spec.readiness_gates;
    if gates.is_empty() {
        return String::from(NONE);
    }
    let open = gates.iter().filter(|gate| pod.status.condition(&gate.condition_type)).count();
    format!("{open}/{}", gates.len())
}

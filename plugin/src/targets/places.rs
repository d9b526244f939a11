//! Places that targets lead to, and what they are called in reports.

use kubectl_pods_report::Observation;

use super::{
    ports::Port,
    target::{Place, Target, TargetKind},
};

/// One thing to try, or to report without a try.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resolved<'t> {
    /// What to call it in reports.
    pub label: String,
    /// The target it came from.
    pub target: &'t Target,
    /// What to do about it.
    pub what: Resolution,
}

/// What to do about a target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolution {
    /// Try this host name or address at this port.
    Try(String, Port),
    /// The cluster knows already: what would be seen, and why.
    Settled(Observation, String),
}

/// Labels, and what to do about each.
pub(super) type Places = Vec<(String, Resolution)>;

/// One place for each port of `host`.
pub(super) fn each_port(target: &Target, stem: &str, host: &str, ports: Vec<Port>) -> Places {
    let count = ports.len();
    let place =
        |port: Port| (labelled(target, stem, count, &port), Resolution::Try(host.to_owned(), port));
    ports.into_iter().map(place).collect()
}

/// What the user typed, as long as it is one thing.
pub(super) fn labelled(target: &Target, stem: &str, ports: usize, port: &Port) -> String {
    let whole_workload = matches!(
        target.place,
        Place::Object(
            TargetKind::Deployment
                | TargetKind::StatefulSet
                | TargetKind::DaemonSet
                | TargetKind::Job,
            _
        )
    );
    if ports == 1 && !whole_workload {
        return target.text.clone();
    }
    let path = target.path.as_deref().unwrap_or_default();
    format!("{stem}:{}{path}", port.number)
}

/// The target without port and path, as typed.
pub(super) fn stem(target: &Target, kind: TargetKind, name: &str) -> String {
    if target.text.starts_with(name) && kind == TargetKind::Pod {
        return name.to_owned();
    }
    format!("{}/{name}", kind.short())
}

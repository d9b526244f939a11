//! A target that is not as expected, before anything was read about it.

use std::net::IpAddr;

use cluster::workloads::Workload;
use kubectl_pods_report::{Source, TargetReport};

use super::{
    scene::{Scene, Subject},
    world::{Key, World},
};
use crate::targets::{Place, Port, PortRef, Resolution, Resolved, TargetKind};

/// A target that is not as expected, and who asked it.
#[derive(Debug)]
pub(super) struct Case<'r> {
    report: &'r TargetReport,
    source: Option<&'r Source>,
    subject: Subject,
    port: Option<Port>,
    namespace: &'r str,
}

impl<'r> Case<'r> {
    /// `namespace` is that of the command, and so of the probe.
    pub(super) fn new(
        report: &'r TargetReport,
        source: Option<&'r Source>,
        origin: &Resolved<'_>,
        namespace: &'r str,
    ) -> Self {
        let port = match (&origin.what, &origin.target.port) {
            (Resolution::Try(_, port), _) => Some(port.clone()),
            (Resolution::Settled(..), Some(PortRef::Number(number))) => Some(Port::plain(*number)),
            (Resolution::Settled(..), _) => None,
        };
        Self { report, source, subject: subject(origin, namespace), port, namespace }
    }

    /// The case in the light of what was read so far.
    pub(super) fn scene<'s>(&'s self, world: &'s World) -> Scene<'s> {
        Scene {
            world,
            report: self.report,
            subject: &self.subject,
            port: self.port.as_ref(),
            namespace: self.namespace,
            node: self.source.and_then(|source| source.node.as_deref()),
            is_inside: self.source.is_some_and(|source| !source.here),
        }
    }
}

fn subject(origin: &Resolved<'_>, namespace: &str) -> Subject {
    let (kind, name) = match &origin.target.place {
        Place::Address(address) => return Subject::Address(*address),
        Place::Host(host) => return Subject::Host(host.clone()),
        Place::Object(kind, name) => (kind, Key::new(namespace, name)),
    };
    let workload = match kind {
        TargetKind::Service => return Subject::Service(name),
        TargetKind::Pod => return Subject::Pod(name),
        TargetKind::Deployment => Workload::Deployment,
        TargetKind::StatefulSet => Workload::StatefulSet,
        TargetKind::DaemonSet => Workload::DaemonSet,
        TargetKind::Job => Workload::Job,
    };
    // One pod of a workload was tried: it is the pod that is looked at.
    let tried = match &origin.what {
        Resolution::Try(host, _) => host.parse::<IpAddr>().ok(),
        Resolution::Settled(..) => None,
    };
    tried.map_or(Subject::Workload(workload, name), Subject::Address)
}

//! A target that is not as expected, before anything was read about it.

use std::net::IpAddr;

use cluster::workloads::Workload;
use kubectl_pods_report::{Observation, Source, TargetReport};

use super::{
    scene::{Scene, Subject},
    world::{Key, World},
};
use crate::targets::{Place, Port, PortRef, Resolution, Resolved, TargetKind, in_namespace};

/// A target that is not as expected, and who asked it.
#[derive(Debug)]
pub(super) struct Case<'r> {
    report: &'r TargetReport,
    source: Option<&'r Source>,
    subject: Subject,
    port: Option<Port>,
    unknown_port: Option<&'r str>,
    namespace: &'r str,
    is_redirected: bool,
}

impl<'r> Case<'r> {
    /// `namespace` is that of the command, and so of the probe.
    pub(super) fn new(
        report: &'r TargetReport,
        source: Option<&'r Source>,
        origin: &Resolved<'r>,
        namespace: &'r str,
    ) -> Self {
        let port = match (&origin.what, &origin.target.port) {
            (Resolution::Try(_, port), _) => port.clone(),
            (Resolution::Settled(..), Some(PortRef::Number(number))) => Some(Port::plain(*number)),
            (Resolution::Settled(..), _) => None,
        };
        // Either the object is missing or its port, and what is read says which.
        let unknown_port = match (&origin.what, &origin.target.port) {
            (Resolution::Settled(Observation::Absent, _), Some(PortRef::Name(name))) => {
                Some(name.as_str())
            }
            _ => None,
        };
        let subject = subject(origin, namespace);
        let is_redirected = origin.instead.is_some();
        Self { report, source, subject, port, unknown_port, namespace, is_redirected }
    }

    /// The case in the light of what was read so far.
    pub(super) fn scene<'s>(&'s self, world: &'s World) -> Scene<'s> {
        Scene {
            world,
            report: self.report,
            subject: &self.subject,
            port: self.port.as_ref(),
            unknown_port: self.unknown_port,
            namespace: self.namespace,
            node: self.source.and_then(|source| source.node.as_deref()),
            is_inside: self.source.is_some_and(|source| !source.here),
            is_redirected: self.is_redirected,
        }
    }
}

fn subject(origin: &Resolved<'_>, namespace: &str) -> Subject {
    // The connection went there, and whatever has the name of the host had no part in it.
    if let Some(address) = origin.instead {
        return Subject::Address(address);
    }
    // One pod of several was tried: it is the pod that is looked at.
    let tried = match &origin.what {
        Resolution::Try(host, _) => host.parse::<IpAddr>().ok().map(Subject::Address),
        Resolution::Settled(..) => None,
    };
    let (kind, name) = match &origin.target.place {
        Place::Address(address) => return Subject::Address(*address),
        Place::Host(host) => return Subject::Host(host.clone()),
        Place::Selected(selector) => {
            return tried.unwrap_or_else(|| Subject::Selected(selector.clone()));
        }
        Place::Object(kind, name) => (kind, Key::new(namespace, name)),
    };
    let workload = match kind {
        TargetKind::Service => {
            let (namespace, name) = in_namespace(&name.name, namespace);
            return Subject::Service(Key::new(namespace, name));
        }
        TargetKind::Pod => return Subject::Pod(name),
        TargetKind::Deployment => Workload::Deployment,
        TargetKind::StatefulSet => Workload::StatefulSet,
        TargetKind::DaemonSet => Workload::DaemonSet,
        TargetKind::Job => Workload::Job,
    };
    tried.unwrap_or(Subject::Workload(workload, name))
}

//! One target that is not as expected, with all that was read: plain data, from which causes and links are concluded.

use std::net::IpAddr;

use cluster::{
    look::Answer,
    workloads::{Workload, WorkloadState},
};
use k8s_openapi::{
    api::core::v1::{Pod, Service, ServicePort},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kubectl_pods_report::{
    Attempt, ObjectRef, Observation, Protocol, TargetReport, Transport, Verdict,
};

use super::{
    container,
    world::{Key, Want, World},
};
use crate::targets::{self, ClusterName, Endpoint, Port, is_for};

/// What a target is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Service(Key),
    Pod(Key),
    Workload(Workload, Key),
    /// The pods of a selector, none of which could be tried.
    Selected(String),
    Host(String),
    Address(IpAddr),
}

/// One target, who asked it, and what is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'s> {
    pub(super) world: &'s World,
    pub(super) report: &'s TargetReport,
    pub(super) subject: &'s Subject,
    /// The port that was asked for.
    pub(super) port: Option<&'s Port>,
    /// The name of a port that was asked for, and that no declaration has.
    pub(super) unknown_port: Option<&'s str>,
    /// Namespace of the command, and of the probe.
    pub(super) namespace: &'s str,
    /// The probe's node.
    pub(super) node: Option<&'s str>,
    /// Whether the probe ran in the cluster.
    pub(super) is_inside: bool,
    /// Whether the user said where to connect instead of the host's own address (`--resolve`).
    pub(super) is_redirected: bool,
}

/// A direct handshake with an endpoint, and the pod that it is.
#[derive(Debug, Clone)]
pub(super) struct Direct<'s> {
    pub(super) attempt: &'s Attempt,
    pub(super) endpoint: Endpoint,
}

impl<'s> Scene<'s> {
    // ---- What was seen.

    pub(super) fn saw(&self, observations: &[Observation]) -> bool {
        observations.iter().any(|observation| self.report.verdict == Verdict::Seen(*observation))
    }

    /// Whether the name led nowhere, in one of the ways that speak of the name.
    pub(super) fn name_is_unknown(&self) -> bool {
        self.saw(&[Observation::DnsNxdomain, Observation::DnsNodata])
    }

    /// Whether no connection came about, though something was sent.
    pub(super) fn is_unconnected(&self) -> bool {
        use Observation::{Dropped, NoRoute, Refused, Rejected};
        self.saw(&[Dropped, NoRoute, Refused, Rejected])
    }

    /// Whose ports were asked.
    pub(super) fn transport(&self) -> Transport {
        let spoken = || self.report.protocol.and_then(Protocol::transport);
        self.port.map(|port| port.transport).or_else(spoken).unwrap_or_default()
    }

    /// What a port of that takes.
    pub(super) fn what_is_sent(&self) -> &'static str {
        match self.transport() {
            Transport::Tcp => "connections",
            Transport::Udp => "datagrams",
        }
    }

    pub(super) fn asked_port(&self) -> Option<u16> {
        self.port.map(|port| port.number)
    }

    // ---- The Service.

    /// The Service that the target is, or leads to.
    pub(super) fn service_key(&self) -> Option<Key> {
        match self.subject {
            Subject::Service(key) => Some(key.clone()),
            Subject::Host(host) => ClusterName::parse(host, self.namespace)
                .map(|name| Key::new(&name.namespace, &name.service)),
            Subject::Address(_) => self.service_at().and_then(key_of),
            Subject::Pod(_) | Subject::Workload(..) | Subject::Selected(_) => None,
        }
    }

    /// Whether the host of the target is a name of this cluster's: it can mean nothing else, or somebody has it here, or its
    /// second word is a namespace of ours.
    pub(super) fn is_cluster_name(&self) -> bool {
        let Subject::Host(host) = self.subject else { return false };
        let Some(name) = ClusterName::parse(host, self.namespace) else { return false };
        let key = Key::new(&name.namespace, &name.service);
        let neighbours = Want::Services(name.namespace);
        name.is_certain
            || matches!(self.world.service(&key), Answer::Known(_))
            || self.world.services(&neighbours).known().is_some_and(|all| !all.is_empty())
    }

    pub(super) fn service(&self) -> Answer<&'s Service> {
        match (self.subject, self.service_key()) {
            (Subject::Address(_), _) => self.service_at().map_or(Answer::Missing, Answer::Known),
            (_, Some(key)) => self.world.service(&key),
            (_, None) => Answer::Missing,
        }
    }

    fn service_at(&self) -> Option<&'s Service> {
        let Subject::Address(address) = self.subject else { return None };
        self.world.services(&Want::ServicesAt(*address)).known()?.first()
    }

    /// The Service with its key, if it is known.
    pub(super) fn known_service(&self) -> Option<(Key, &'s Service)> {
        Some((self.service_key()?, self.service().known()?))
    }

    pub(super) fn is_headless(&self) -> bool {
        let service = self.service().known();
        let spec = service.and_then(|service| service.spec.as_ref());
        spec.is_some_and(|spec| spec.cluster_ip.as_deref() == Some("None"))
    }

    /// The ports that the Service declares for what is spoken.
    pub(super) fn service_ports(&self) -> impl Iterator<Item = &'s ServicePort> {
        let spec = self.service().known().and_then(|service| service.spec.as_ref());
        let ports = spec.into_iter().flat_map(|spec| spec.ports.iter().flatten());
        let transport = self.transport();
        ports.filter(move |port| is_for(transport, port.protocol.as_deref()))
    }

    /// The port of the Service that was asked for. Nobody translates those of a headless one: asked for is the one that its
    /// pods have under that number.
    pub(super) fn service_port(&self) -> Option<&'s ServicePort> {
        let asked = self.asked_port()?;
        self.service_ports().find(|port| {
            if self.is_headless() {
                self.pods_ports(port).contains(&asked)
            } else {
                port.port == i32::from(asked)
            }
        })
    }

    /// The numbers that a port of the Service has in its pods: what its slices say, or else it.
    pub(super) fn pods_ports(&self, port: &ServicePort) -> Vec<u16> {
        let slices = self.service_key().map(|key| self.world.slices(&key));
        let slices = slices.and_then(Answer::known).unwrap_or_default();
        let name = port.name.as_deref();
        let numbers = slices.iter().filter(|slice| slice.address_type != "FQDN");
        let mut numbers: Vec<u16> =
            numbers.filter_map(|slice| targets::port_of(slice, name)).collect();
        numbers.dedup();
        if numbers.is_empty() {
            let number = match port.target_port {
                Some(IntOrString::Int(number)) => number,
                Some(IntOrString::String(_)) | None => port.port,
            };
            numbers.extend(u16::try_from(number));
        }
        numbers
    }

    /// The Service's endpoints for the port that was asked for.
    pub(super) fn endpoints(&self) -> Answer<Vec<Endpoint>> {
        let Some(key) = self.service_key() else { return Answer::Missing };
        match self.world.slices(&key) {
            Answer::Known(slices) => {
                let name = self.service_port().and_then(|port| port.name.as_deref());
                Answer::Known(targets::endpoints(slices, name))
            }
            Answer::Missing => Answer::Missing,
            Answer::Unread(why) => Answer::Unread(why),
        }
    }

    /// Handshakes with endpoints at their own addresses, whether the Service still has them or not. A headless Service has no
    /// other address, so that attempts at it are such.
    pub(super) fn asked_directly(&self) -> &'s [Attempt] {
        let has_none = self.report.direct.is_empty();
        if has_none && self.is_headless() { &self.report.attempts } else { &self.report.direct }
    }

    /// Those of them with endpoints that the Service has now: a standing probe knows those of its installation.
    pub(super) fn direct(&self) -> Vec<Direct<'s>> {
        let endpoints = self.endpoints().known().unwrap_or_default();
        let any_port = self.is_headless();
        let direct = |attempt: &'s Attempt| {
            let at = |endpoint: &&Endpoint| {
                Some(endpoint.address) == attempt.address
                    && (any_port || endpoint.port == attempt.port)
            };
            let endpoint = endpoints.iter().find(at).cloned()?;
            Some(Direct { attempt, endpoint })
        };
        self.asked_directly().iter().filter_map(direct).collect()
    }

    /// Endpoints to which the Service sends and that were not asked directly, though others of their family were.
    pub(super) fn unasked(&self) -> usize {
        if self.report.direct.is_empty() {
            return 0;
        }
        let asked: Vec<IpAddr> =
            self.direct().iter().map(|direct| direct.endpoint.address).collect();
        let is_unasked = |address: IpAddr| {
            let of_family = asked.iter().any(|asked| asked.is_ipv4() == address.is_ipv4());
            of_family && !asked.contains(&address)
        };
        let endpoints = self.endpoints().known().unwrap_or_default();
        targets::usable(&endpoints).iter().filter(|one| is_unasked(one.address)).count()
    }

    // ---- Pods.

    /// The selector of the Service or workload as a query string; empty where there is none.
    pub(super) fn selector(&self) -> Option<String> {
        match self.subject {
            Subject::Workload(..) => return Some(self.workload().known()?.selector.clone()),
            Subject::Selected(selector) => return Some(selector.clone()),
            _ => {}
        }
        let (_, service) = self.known_service()?;
        let selector = service.spec.as_ref()?.selector.iter().flatten();
        let words: Vec<String> =
            selector.map(|(label, value)| format!("{label}={value}")).collect();
        Some(words.join(","))
    }

    /// Namespace of the object that the target is about.
    pub(super) fn home(&self) -> String {
        match self.subject {
            Subject::Pod(key) | Subject::Workload(_, key) => key.namespace.clone(),
            _ => self.service_key().map_or(self.namespace.to_owned(), |key| key.namespace),
        }
    }

    /// The pods behind the target.
    pub(super) fn pods(&self) -> Answer<Vec<&'s Pod>> {
        match self.subject {
            Subject::Pod(key) => match self.world.pod(key) {
                Answer::Known(pod) => Answer::Known(vec![pod]),
                Answer::Missing => Answer::Missing,
                Answer::Unread(why) => Answer::Unread(why),
            },
            Subject::Address(address) if self.service_at().is_none() => self.pods_at(*address),
            _ => match self.selector() {
                Some(selector) if !selector.is_empty() => {
                    let want = Want::Selected { namespace: self.home(), selector };
                    all(self.world.pods(&want))
                }
                _ => Answer::Missing,
            },
        }
    }

    /// The pods with this address, as far as they may be seen: in all namespaces, or in ours.
    pub(super) fn pods_at(&self, address: IpAddr) -> Answer<Vec<&'s Pod>> {
        let everywhere = Want::PodsAt { namespace: None, address };
        let here = Want::PodsAt { namespace: Some(self.namespace.to_owned()), address };
        match self.world.pods(&everywhere) {
            Answer::Unread(_) => all(self.world.pods(&here)),
            answer => all(answer),
        }
    }

    /// Those that would be sent to: a pod that has ended is no pod of a Service.
    pub(super) fn living_pods(&self) -> Vec<&'s Pod> {
        let pods = self.pods().known().unwrap_or_default();
        pods.into_iter().filter(|pod| !container::has_ended(pod)).collect()
    }

    /// Whether somebody is there whom the target leads to, as the cluster sees it.
    pub(super) fn is_served(&self) -> bool {
        let is_any_ready = || self.living_pods().into_iter().any(container::is_ready);
        let publishes = self.known_service().is_some_and(|(_, service)| {
            let spec = service.spec.as_ref();
            spec.is_some_and(|spec| spec.publish_not_ready_addresses == Some(true))
        });
        match self.endpoints() {
            // A port that the Service lacks has no endpoints, and says nothing about those of the others.
            Answer::Known(endpoints) if !publishes && self.service_port().is_none() => {
                endpoints.iter().any(|endpoint| endpoint.ready)
            }
            Answer::Known(endpoints) if !publishes => !targets::usable(&endpoints).is_empty(),
            _ => is_any_ready(),
        }
    }

    pub(super) fn workload(&self) -> Answer<&'s WorkloadState> {
        let Subject::Workload(kind, key) = self.subject else { return Answer::Missing };
        match self.world.workloads(&key.namespace, *kind) {
            Answer::Known(all) => {
                let found = all.iter().find(|workload| workload.name == key.name);
                found.map_or(Answer::Missing, Answer::Known)
            }
            Answer::Missing => Answer::Missing,
            Answer::Unread(why) => Answer::Unread(why),
        }
    }

    /// Workloads that would make pods for the target: itself, or those whose pods the Service selects.
    pub(super) fn makers(&self) -> Vec<(Workload, &'s WorkloadState)> {
        if let Subject::Workload(kind, _) = self.subject {
            return self.workload().known().map(|workload| (*kind, workload)).into_iter().collect();
        }
        let Some((key, service)) = self.known_service() else { return Vec::new() };
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
            return Vec::new();
        };
        let all = [Workload::Deployment, Workload::StatefulSet].into_iter().flat_map(|kind| {
            let workloads = self.world.workloads(&key.namespace, kind).known().unwrap_or_default();
            workloads.iter().map(move |workload| (kind, workload))
        });
        let matches = |workload: &WorkloadState| {
            selector.iter().all(|(label, value)| workload.labels.get(label) == Some(value))
        };
        all.filter(|(_, workload)| matches(workload)).collect()
    }

    // ---- Words.

    /// The target's object as kubectl spells it: `svc/web`.
    pub(super) fn object(&self) -> String {
        match self.subject {
            Subject::Pod(key) => format!("pod {}", key.name),
            Subject::Workload(kind, key) => format!("{}/{}", short(*kind), key.name),
            Subject::Selected(selector) => format!("-l {selector}"),
            _ => self.service_key().map_or_else(
                || self.report.target.clone(),
                |key| {
                    let place = if key.namespace == self.namespace {
                        String::new()
                    } else {
                        format!(" of namespace {}", key.namespace)
                    };
                    format!("svc/{}{place}", key.name)
                },
            ),
        }
    }

    pub(super) fn service_ref(&self) -> Option<ObjectRef> {
        let Key { namespace, name } = self.service_key()?;
        Some(ObjectRef { kind: "Service".to_owned(), namespace: Some(namespace), name })
    }
}

/// kubectl's short word for a kind of workload.
pub(super) const fn short(kind: Workload) -> &'static str {
    match kind {
        Workload::Deployment => "deploy",
        Workload::StatefulSet => "sts",
        Workload::DaemonSet => "ds",
        Workload::Job => "job",
    }
}

fn all(pods: Answer<&[Pod]>) -> Answer<Vec<&Pod>> {
    match pods {
        Answer::Known(pods) => Answer::Known(pods.iter().collect()),
        Answer::Missing => Answer::Missing,
        Answer::Unread(why) => Answer::Unread(why),
    }
}

fn key_of(service: &Service) -> Option<Key> {
    Some(Key::new(service.metadata.namespace.as_deref()?, service.metadata.name.as_deref()?))
}

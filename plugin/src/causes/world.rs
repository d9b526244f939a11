//! What was read of the cluster, each thing once.

use std::{collections::BTreeMap, net::IpAddr};

use cluster::{
    look::Answer,
    workloads::{Workload, WorkloadState},
};
use k8s_openapi::api::{
    core::v1::{Event, Node, PersistentVolumeClaim, Pod, Service},
    discovery::v1::EndpointSlice,
};

/// Namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    Service(Key),
    /// The `EndpointSlice` objects of a Service.
    Slices(Key),
    /// All Services of a namespace.
    Services(String),
    /// The Services of this name in any namespace.
    Namesakes(String),
    /// The Services with this cluster IP.
    ServicesAt(IpAddr),
    Pod(Key),
    /// The pods that a selector matches.
    Selected {
        namespace: String,
        selector: String,
    },
    /// All pods of a namespace.
    Pods(String),
    /// The pods with this address, in one namespace or in all.
    PodsAt {
        namespace: Option<String>,
        address: IpAddr,
    },
    /// The workloads of one kind in a namespace.
    Workloads(String, Workload),
    /// What the cluster warns of about the object with this uid.
    Warnings {
        namespace: String,
        uid: String,
    },
    Claim(Key),
    /// The end of a container's log.
    Log {
        pod: Key,
        container: String,
        previous: bool,
    },
    Node(String),
}

/// What came.
#[derive(Debug, Clone)]
pub(super) enum Data {
    Service(Box<Service>),
    Services(Vec<Service>),
    Slices(Vec<EndpointSlice>),
    Pod(Box<Pod>),
    Pods(Vec<Pod>),
    Workloads(Vec<WorkloadState>),
    Warnings(Vec<Event>),
    Claim(Box<PersistentVolumeClaim>),
    Log(String),
    Node(Box<Node>),
}

/// Everything that was read in one command.
#[derive(Debug, Default)]
pub(super) struct World {
    read: BTreeMap<Want, Answer<Data>>,
}

impl World {
    pub(super) fn put(&mut self, want: Want, answer: Answer<Data>) {
        self.read.insert(want, answer);
    }

    pub(super) fn has(&self, want: &Want) -> bool {
        self.read.contains_key(want)
    }

    pub(super) fn service(&self, key: &Key) -> Answer<&Service> {
        self.look(&Want::Service(key.clone()), |data| match data {
            Data::Service(service) => Some(&**service),
            _ => None,
        })
    }

    pub(super) fn slices(&self, service: &Key) -> Answer<&[EndpointSlice]> {
        self.look(&Want::Slices(service.clone()), |data| match data {
            Data::Slices(slices) => Some(slices.as_slice()),
            _ => None,
        })
    }

    /// For the wants that lead to Services.
    pub(super) fn services(&self, want: &Want) -> Answer<&[Service]> {
        self.look(want, |data| match data {
            Data::Services(services) => Some(services.as_slice()),
            _ => None,
        })
    }

    pub(super) fn pod(&self, key: &Key) -> Answer<&Pod> {
        self.look(&Want::Pod(key.clone()), |data| match data {
            Data::Pod(pod) => Some(&**pod),
            _ => None,
        })
    }

    /// For the wants that lead to pods.
    pub(super) fn pods(&self, want: &Want) -> Answer<&[Pod]> {
        self.look(want, |data| match data {
            Data::Pods(pods) => Some(pods.as_slice()),
            _ => None,
        })
    }

    pub(super) fn workloads(&self, namespace: &str, kind: Workload) -> Answer<&[WorkloadState]> {
        self.look(&Want::Workloads(namespace.to_owned(), kind), |data| match data {
            Data::Workloads(workloads) => Some(workloads.as_slice()),
            _ => None,
        })
    }

    /// In the order in which they were last said.
    pub(super) fn warnings(&self, namespace: &str, uid: &str) -> &[Event] {
        let want = Want::Warnings { namespace: namespace.to_owned(), uid: uid.to_owned() };
        let events = self.look(&want, |data| match data {
            Data::Warnings(events) => Some(events.as_slice()),
            _ => None,
        });
        events.known().unwrap_or_default()
    }

    pub(super) fn claim(&self, key: &Key) -> Answer<&PersistentVolumeClaim> {
        self.look(&Want::Claim(key.clone()), |data| match data {
            Data::Claim(claim) => Some(&**claim),
            _ => None,
        })
    }

    pub(super) fn log(&self, pod: Key, container: &str, previous: bool) -> Option<&str> {
        let want = Want::Log { pod, container: container.to_owned(), previous };
        let log = self.look(&want, |data| match data {
            Data::Log(log) => Some(log.as_str()),
            _ => None,
        });
        log.known()
    }

    pub(super) fn node(&self, name: &str) -> Answer<&Node> {
        self.look(&Want::Node(name.to_owned()), |data| match data {
            Data::Node(node) => Some(&**node),
            _ => None,
        })
    }

    fn look<'w, T: ?Sized>(
        &'w self,
        want: &Want,
        pick: impl FnOnce(&'w Data) -> Option<&'w T>,
    ) -> Answer<&'w T> {
        let unread = || Answer::Unread("it was not asked for".to_owned());
        match self.read.get(want) {
            Some(Answer::Known(data)) => pick(data).map_or_else(unread, Answer::Known),
            Some(Answer::Missing) => Answer::Missing,
            Some(Answer::Unread(why)) => Answer::Unread(why.clone()),
            None => unread(),
        }
    }
}

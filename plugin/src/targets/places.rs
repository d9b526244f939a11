//! Places that targets lead to, and what they are called in reports.

use std::net::IpAddr;

use kubectl_pods_report::{Family, Observation, Protocol, Standby, Transport};

use cluster::Verbatim;

use super::{
    ports::{NoPort, Port},
    target::{Place, PortRef, Target, TargetKind},
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
    /// What is behind it, to be asked directly if there is trouble: endpoints of a Service.
    pub standby: Vec<Standby>,
    /// Whether the object's name has several addresses, now or later: a headless or dual-stack Service.
    pub every_address: bool,
    /// What the user has to know of it, even if all is well.
    pub note: Option<String>,
    /// The address that the user gave in place of the host's own (`--resolve`).
    pub instead: Option<IpAddr>,
}

impl<'t> Resolved<'t> {
    /// What nothing stands by for, and nothing is to be said of.
    pub(crate) const fn new(label: String, target: &'t Target, what: Resolution) -> Self {
        Self {
            label,
            target,
            what,
            standby: Vec::new(),
            every_address: false,
            note: None,
            instead: None,
        }
    }
}

/// What the user has to know of `found`, each thing once.
#[must_use]
pub(crate) fn notes<'f>(found: &'f [Resolved<'_>]) -> Vec<&'f str> {
    let mut notes: Vec<&str> = Vec::new();
    for note in found.iter().filter_map(|found| found.note.as_deref()) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// What to do about a target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolution {
    /// Try this host name or address, at this port if what is spoken has any.
    Try(String, Option<Port>),
    /// The cluster knows already: what would be seen, and why.
    Settled(Observation, String),
}

/// What one target means: labels, and what to do about each.
pub(super) type Places = Vec<FoundPlace>;

/// One of the [`Places`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoundPlace {
    /// [`Resolved::label`].
    pub label: String,
    /// [`Resolved::what`].
    pub what: Resolution,
    /// [`Resolved::standby`].
    pub standby: Vec<Standby>,
    /// [`Resolved::every_address`].
    pub every_address: bool,
    /// [`Resolved::note`].
    pub note: Option<String>,
}

/// What is wanted of every target of one command.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// The port of targets that name none and are not to be tried at every port they declare.
    pub fallback: Option<u16>,
    /// The one family whose addresses count.
    pub family: Option<Family>,
    /// What is spoken whatever the targets say.
    pub protocol: Option<Protocol>,
}

impl Wanted {
    /// Whether `target` is tried at a port.
    pub(super) fn has_port(self, target: &Target) -> bool {
        self.protocol.or(target.protocol).is_none_or(Protocol::has_port)
    }

    /// Whose ports `target` is tried at, if it is at any.
    pub(super) fn transport(self, target: &Target) -> Transport {
        self.protocol.or(target.protocol).and_then(Protocol::transport).unwrap_or_default()
    }

    /// Whether the number of `target`'s port was typed, or goes without saying, and so is none that was declared.
    pub(super) const fn has_number(self, target: &Target) -> bool {
        matches!((&target.port, self.fallback), (Some(PortRef::Number(_)), _) | (None, Some(_)))
    }

    /// Those of `hosts` that are names, or addresses of the family that counts.
    pub(super) fn of_family(self, hosts: &[String]) -> Vec<&String> {
        let counts = |host: &&String| match (self.family, host.parse()) {
            (Some(family), Ok(address)) => family.has(address),
            _ => true,
        };
        hosts.iter().filter(counts).collect()
    }
}

impl FoundPlace {
    /// A place that nothing stands by for.
    pub(super) const fn new(label: String, what: Resolution) -> Self {
        Self { label, what, standby: Vec::new(), every_address: false, note: None }
    }

    /// What is known about `target` without trying it.
    pub(super) fn settled(target: &Target, observation: Observation, reason: String) -> Self {
        Self::new(target.text.clone(), Resolution::Settled(observation, reason))
    }

    /// `object` has addresses, but none of the family that counts.
    pub(super) fn of_other_family(target: &Target, object: &str, addresses: &[String]) -> Self {
        let addresses = addresses.join(", ");
        let reason =
            format!("{object} has no address of the family that was asked for ({addresses})");
        Self::settled(target, Observation::NotRun, reason)
    }

    /// There is an object, and no port to try.
    pub(super) fn without_port(target: &Target, object: &str, problem: NoPort) -> Self {
        let (observation, problem) = match problem {
            NoPort::Unknown(problem) => (Observation::Absent, problem),
            NoPort::NoneDeclared(problem) => (Observation::NotRun, problem),
        };
        Self::settled(target, observation, format!("{object} {problem}"))
    }

    /// There is no such object, in the server's words.
    pub(super) fn absent(target: &Target, missing: Verbatim) -> Self {
        Self::settled(target, Observation::Absent, missing.0)
    }
}

/// What does not exist, as an error: in the server's words, or in ours.
#[must_use]
pub(crate) fn absent(words: &str) -> anyhow::Error {
    let is_servers = words.starts_with("Error from server");
    if is_servers { Verbatim(words.to_owned()).into() } else { anyhow::anyhow!("{words}") }
}

/// One place for each port of `host`.
pub(super) fn each_port(target: &Target, stem: &str, host: &str, ports: Vec<Port>) -> Places {
    let count = ports.len();
    let place = |port: Port| {
        FoundPlace::new(
            labelled(target, stem, count, &port),
            Resolution::Try(host.to_owned(), Some(port)),
        )
    };
    ports.into_iter().map(place).collect()
}

/// `host`, of which no port is asked.
pub(super) fn without_ports(target: &Target, stem: &str, host: &str) -> FoundPlace {
    let label = if has_many_pods(target) { stem } else { &target.text };
    FoundPlace::new(label.to_owned(), Resolution::Try(host.to_owned(), None))
}

/// What the user typed, as long as it is one thing.
pub(super) fn labelled(target: &Target, stem: &str, ports: usize, port: &Port) -> String {
    if ports == 1 && !has_many_pods(target) {
        return target.text.clone();
    }
    let path = target.path.as_deref().unwrap_or_default();
    format!("{stem}:{}{path}", port.number)
}

/// What one of several pods is called of which nothing is tried.
pub(super) fn named_after(target: &Target, stem: &str) -> String {
    let port = target.port.as_ref().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{stem}{port}{}", target.path.as_deref().unwrap_or_default())
}

fn has_many_pods(target: &Target) -> bool {
    matches!(
        target.place,
        Place::Selected(_)
            | Place::Object(
                TargetKind::Deployment
                    | TargetKind::StatefulSet
                    | TargetKind::DaemonSet
                    | TargetKind::Job,
                _
            )
    )
}

/// The target without port and path, as typed.
pub(super) fn stem(target: &Target, kind: TargetKind, name: &str) -> String {
    if target.text.starts_with(name) && kind == TargetKind::Pod {
        return name.to_owned();
    }
    format!("{}/{name}", kind.short())
}

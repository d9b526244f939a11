//! Why a target is not as expected: what the cluster's objects say, held against the packets.
//!
//! A cause is no verdict. The verdict is what was seen; a cause is what somebody has to mend.

use serde::{Deserialize, Serialize};

/// One reason why a target is not as expected, most often read from the cluster's objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of mistake it is.
    pub kind: CauseKind,
    /// One line of plain words that names the objects.
    pub message: String,
    /// What to do next, as the end of a sentence: `run kubectl …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The object that is to be mended, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
}

/// An object of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    /// Its kind as in manifests: `Service`.
    pub kind: String,
    /// Its namespace, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// Kinds of causes: a closed set. `docs/causes.md` has an example of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// There is no such object.
    Missing,
    /// The domain behind a Service's name is not the cluster's.
    NameSuffix,
    /// The cluster's DNS has no endpoint that could answer.
    DnsDown,
    /// An `ExternalName` Service leads to a name that does not exist.
    ExternalNameDead,
    /// The Service has no such port.
    PortNotInService,
    /// The Service is headless, so that nobody translates the number of its port to that of its pods.
    HeadlessPort,
    /// The port is declared for another protocol than was spoken, as for UDP and not TCP.
    WrongTransport,
    /// A workload behind the Service, or the target itself, is scaled to zero.
    ScaledToZero,
    /// The pods are not created: a quota, an admission policy, a `ServiceAccount` that is missing.
    CreateFailed,
    /// The Service selects labels that no pod has.
    SelectorMatchesNothing,
    /// No node takes the pod.
    Unschedulable,
    /// The pod waits for a `PersistentVolumeClaim` that is not bound.
    ClaimPending,
    /// A container's image cannot be had.
    ImagePull,
    /// A ConfigMap, Secret or key that a container needs is missing.
    ConfigMissing,
    /// A container ends again and again, or has ended with an error.
    CrashLoop,
    /// A probe of a container fails: readiness, or startup.
    ProbeFailing,
    /// All containers are ready, and a readiness gate is not.
    ReadinessGate,
    /// The node of the pods is not ready.
    NodeNotReady,
    /// Pods are not ready, and nothing that was read says why.
    PodsNotReady,
    /// All pods are being deleted, and none has replaced them yet.
    AllTerminating,
    /// The name in `targetPort` is no port of the pods.
    TargetPortName,
    /// A Service without a selector has no endpoint that somebody wrote.
    NoEndpointsByHand,
    /// `internalTrafficPolicy: Local`, and no endpoint on the client's node.
    NoLocalEndpoint,
    /// The other address family was asked for.
    FamilyMismatch,
    /// Nothing listens on the port that the Service sends to.
    TargetPortRefused,
    /// Some endpoints answer and some do not.
    SomeEndpointsFail,
    /// The address of an endpoint is no pod's any more.
    StaleEndpoint,
    /// The endpoints answer, and the Service's own address does not.
    ServiceAddressFails,
    /// The endpoints are ready, and do not answer the probe either.
    EndpointsSilent,
    /// The pod has ended.
    PodEnded,
    /// The port is not among those that the pod declares.
    PortNotDeclared,
    /// The pod is ready and declares the port, and refuses.
    RefusedWhileReady,
    /// TLS was spoken to a server that speaks plain HTTP.
    TlsOnPlainPort,
    /// Plain HTTP was spoken to a server that speaks TLS.
    PlainOnTlsPort,
    /// The server's certificate has ended, or is not valid yet.
    CertExpired,
    /// The server's certificate is for other names.
    CertNameMismatch,
    /// The server's certificate is signed by nobody whom the probe trusts.
    CertUnknownIssuer,
    /// The server's certificate is that of an authority.
    CertIsCa,
    /// Server and probe have no version of TLS in common.
    TlsVersion,
    /// The server wants a certificate of its clients.
    ClientCertRequired,
    /// An answer whose HTTP status is not one of the expected.
    HttpStatus,
}

/// One step between a name and an answer, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which step.
    pub what: LinkKind,
    /// How it was found.
    pub state: LinkState,
    /// What was found, or why it was not looked at.
    pub note: String,
}

/// The steps between a name and an answer, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// The name has an address.
    Name,
    /// The Service exists.
    Service,
    /// The workload exists and wants pods.
    Workload,
    /// The port is declared.
    Port,
    /// The Service's selector matches pods.
    Selector,
    /// The pod exists and has an address.
    Pod,
    /// Pods are ready.
    Ready,
    /// The slices of the Service name addresses to send to.
    Endpoints,
    /// The endpoints answer at their own addresses.
    Direct,
    /// The target's address lets TCP connect.
    Connect,
    /// TLS is spoken.
    Tls,
    /// HTTP is answered as expected.
    Http,
}

/// How a link was found. What was not looked at is never called fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// It is as it should be.
    Held,
    /// It is not.
    Broken,
    /// Nobody knows; the note says why.
    NotLookedAt,
}

impl Cause {
    /// The line for people: what is so, and what to do next.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.next {
            Some(next) => format!("{}; {next}", self.message),
            None => self.message.clone(),
        }
    }
}

impl CauseKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 41] = [
        Self::Missing,
        Self::NameSuffix,
        Self::DnsDown,
        Self::ExternalNameDead,
        Self::PortNotInService,
        Self::HeadlessPort,
        Self::WrongTransport,
        Self::ScaledToZero,
        Self::CreateFailed,
        Self::SelectorMatchesNothing,
        Self::Unschedulable,
        Self::ClaimPending,
        Self::ImagePull,
        Self::ConfigMissing,
        Self::CrashLoop,
        Self::ProbeFailing,
        Self::ReadinessGate,
        Self::NodeNotReady,
        Self::PodsNotReady,
        Self::AllTerminating,
        Self::TargetPortName,
        Self::NoEndpointsByHand,
        Self::NoLocalEndpoint,
        Self::FamilyMismatch,
        Self::TargetPortRefused,
        Self::SomeEndpointsFail,
        Self::StaleEndpoint,
        Self::ServiceAddressFails,
        Self::EndpointsSilent,
        Self::PodEnded,
        Self::PortNotDeclared,
        Self::RefusedWhileReady,
        Self::TlsOnPlainPort,
        Self::PlainOnTlsPort,
        Self::CertExpired,
        Self::CertNameMismatch,
        Self::CertUnknownIssuer,
        Self::CertIsCa,
        Self::TlsVersion,
        Self::ClientCertRequired,
        Self::HttpStatus,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NameSuffix => "name-suffix",
            Self::DnsDown => "dns-down",
            Self::ExternalNameDead => "external-name-dead",
            Self::PortNotInService => "port-not-in-service",
            Self::HeadlessPort => "headless-port",
            Self::WrongTransport => "wrong-transport",
            Self::ScaledToZero => "scaled-to-zero",
            Self::CreateFailed => "create-failed",
            Self::SelectorMatchesNothing => "selector-matches-nothing",
            Self::Unschedulable => "unschedulable",
            Self::ClaimPending => "claim-pending",
            Self::ImagePull => "image-pull",
            Self::ConfigMissing => "config-missing",
            Self::CrashLoop => "crash-loop",
            Self::ProbeFailing => "probe-failing",
            Self::ReadinessGate => "readiness-gate",
            Self::NodeNotReady => "node-not-ready",
            Self::PodsNotReady => "pods-not-ready",
            Self::AllTerminating => "all-terminating",
            Self::TargetPortName => "target-port-name",
            Self::NoEndpointsByHand => "no-endpoints-by-hand",
            Self::NoLocalEndpoint => "no-local-endpoint",
            Self::FamilyMismatch => "family-mismatch",
            Self::TargetPortRefused => "target-port-refused",
            Self::SomeEndpointsFail => "some-endpoints-fail",
            Self::StaleEndpoint => "stale-endpoint",
            Self::ServiceAddressFails => "service-address-fails",
            Self::EndpointsSilent => "endpoints-silent",
            Self::PodEnded => "pod-ended",
            Self::PortNotDeclared => "port-not-declared",
            Self::RefusedWhileReady => "refused-while-ready",
            Self::TlsOnPlainPort => "tls-on-plain-port",
            Self::PlainOnTlsPort => "plain-on-tls-port",
            Self::CertExpired => "cert-expired",
            Self::CertNameMismatch => "cert-name-mismatch",
            Self::CertUnknownIssuer => "cert-unknown-issuer",
            Self::CertIsCa => "cert-is-ca",
            Self::TlsVersion => "tls-version",
            Self::ClientCertRequired => "client-cert-required",
            Self::HttpStatus => "http-status",
        }
    }
}

impl LinkKind {
    /// The word used in JSON and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Service => "service",
            Self::Workload => "workload",
            Self::Port => "port",
            Self::Selector => "selector",
            Self::Pod => "pod",
            Self::Ready => "ready",
            Self::Endpoints => "endpoints",
            Self::Direct => "direct",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }
}

impl LinkState {
    /// The words for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Broken => "broken",
            Self::NotLookedAt => "not looked at",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_word_is_the_wire_name_and_no_two_share_one() {
        for kind in CauseKind::ALL {
            let wire = serde_json::to_string(&kind).expect("a unit variant serializes");
            assert_eq!(wire, format!("\"{}\"", kind.as_str()));
        }
        let words: BTreeSet<&str> = CauseKind::ALL.into_iter().map(CauseKind::as_str).collect();
        assert_eq!(words.len(), CauseKind::ALL.len());
    }

    #[test]
    fn a_cause_ends_with_what_to_do_next() {
        let mut cause = Cause {
            kind: CauseKind::Missing,
            message: "there is no Service web".to_owned(),
            next: None,
            object: None,
        };
        assert_eq!(cause.line(), "there is no Service web");
        cause.next = Some("run kubectl get svc".to_owned());
        assert_eq!(cause.line(), "there is no Service web; run kubectl get svc");
    }
}

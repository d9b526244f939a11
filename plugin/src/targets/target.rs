//! What a user may type as a TARGET, parsed once at the edge.
//!
//! ```text
//! TARGET = ( NAME | KIND/NAME | svc/NAME.NAMESPACE | IP | HOST ) [ ":" PORT ] [ "/" PATH ]  |  SCHEME "://" ( IP | HOST ) [ ":" PORT ] [ "/" PATH ]
//! ```
//!
//! A bare word is a pod; a word with a dot in it, or `localhost`, is a host name, as is every name in a URL. A pod whose
//! name has a dot is `pod/NAME`. An IPv6 address stands in brackets when a port follows.

use std::{fmt, net::IpAddr, str::FromStr};

use kubectl_pods_report::Protocol;

/// One thing to check, as the user meant it. Nothing has been looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// What the user typed.
    pub text: String,
    /// Where it is.
    pub place: Place,
    /// The protocol, when a URL scheme named it.
    pub protocol: Option<Protocol>,
    /// The port, when one was named.
    pub port: Option<PortRef>,
    /// Path and query, starting with `/`.
    pub path: Option<String>,
    /// The Service whose endpoint it is, spoken to under the Service's name.
    pub behind: Option<String>,
}

/// Where a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// An object of the cluster. A Service's name may have its namespace behind a dot: see [`in_namespace`].
    Object(TargetKind, String),
    /// The ready pods that a label selector matches.
    Selected(String),
    /// An IP address.
    Address(IpAddr),
    /// A name that the probe resolves.
    Host(String),
}

/// Kinds of object that can be a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// A pod's own address.
    Pod,
    /// A Service's cluster IP, or its endpoints when it has none.
    Service,
    /// The ready pods of a Deployment.
    Deployment,
    /// The ready pods of a `StatefulSet`.
    StatefulSet,
    /// The ready pods of a `DaemonSet`.
    DaemonSet,
    /// The ready pods of a Job.
    Job,
}

/// A port as typed: a number, or the name that the pod or Service gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PortRef {
    /// A port number.
    Number(u16),
    /// A port name (`IANA_SVC_NAME`, RFC 6335).
    Name(String),
}

/// Why a word is no target. The text names the word and says what to type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("target \"{}\": {problem}", .text.escape_debug())]
pub(crate) struct TargetError {
    text: String,
    problem: String,
}

impl Target {
    /// The ready pods that `selector` matches.
    #[must_use]
    pub(crate) fn selected(selector: &str) -> Self {
        Self::at(format!("-l {selector}"), Place::Selected(selector.to_owned()))
    }

    /// The Service `name`, of a namespace that is named when it is not the command's.
    #[must_use]
    pub(crate) fn service(name: &str, namespace: Option<&str>) -> Self {
        let name = namespace.map_or_else(|| name.to_owned(), |of| format!("{name}.{of}"));
        Self::at(format!("svc/{name}"), Place::Object(TargetKind::Service, name))
    }

    fn at(text: String, place: Place) -> Self {
        Self { text, place, protocol: None, port: None, path: None, behind: None }
    }
}

/// The namespace and the name of the Service that is called `name`: `web.shop` is that of namespace `shop`, as in DNS, because no
/// Service has a dot in its name (RFC 1035 label).
#[must_use]
pub(crate) fn in_namespace<'n>(name: &'n str, namespace: &'n str) -> (&'n str, &'n str) {
    name.split_once('.').map_or((namespace, name), |(name, namespace)| (namespace, name))
}

impl fmt::Display for PortRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl TargetKind {
    /// kubectl's spellings of the kinds we can check.
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "pod" | "pods" | "po" => Self::Pod,
            "svc" | "service" | "services" => Self::Service,
            "deploy" | "deployment" | "deployments" | "deployment.apps" => Self::Deployment,
            "sts" | "statefulset" | "statefulsets" | "statefulset.apps" => Self::StatefulSet,
            "ds" | "daemonset" | "daemonsets" | "daemonset.apps" => Self::DaemonSet,
            "job" | "jobs" | "job.batch" => Self::Job,
            _ => return None,
        })
    }

    /// The short form used in texts: `svc/web`.
    #[must_use]
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Service => "svc",
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::Job => "job",
        }
    }
}

/// Kinds that people may well type, and that have no address of their own.
const NO_ADDRESS: [&str; 14] = [
    "cj",
    "cronjob",
    "cronjobs",
    "ep",
    "endpoints",
    "ing",
    "ingress",
    "ingresses",
    "no",
    "node",
    "nodes",
    "replicaset",
    "rs",
    "replicasets",
];

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse(text).map_err(|problem| TargetError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Target, String> {
    if text.is_empty() {
        return Err("is empty: type a pod's name, svc/NAME, an IP, a host or a URL".to_owned());
    }
    let (protocol, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(parse_scheme(scheme)?), rest),
        None => (None, text),
    };
    let (kind, rest) = if protocol.is_some() { (None, rest) } else { split_kind(rest)? };
    let (authority, path) = split_path(rest)?;
    let (name, port) = split_port(authority)?;
    let place = match (kind, name.parse::<IpAddr>()) {
        (Some(TargetKind::Service), _) if !is_service(name) => {
            return Err("a Service is svc/NAME, or svc/NAME.NAMESPACE".to_owned());
        }
        (Some(kind), _) => Place::Object(kind, object_name(name)?),
        (None, Ok(address)) => Place::Address(address),
        (None, Err(_)) if protocol.is_some() || is_host(name) => Place::Host(host_name(name)?),
        (None, Err(_)) => Place::Object(TargetKind::Pod, object_name(name)?),
    };
    let port = port.map(|port| parse_port(port, &place)).transpose()?;
    let is_fit = match protocol {
        Some(Protocol::Tcp | Protocol::Udp) => port.is_some() && path.is_none(),
        Some(Protocol::Dns) => port.is_none() && path.is_none() && matches!(place, Place::Host(_)),
        Some(Protocol::Icmp) => port.is_none() && path.is_none(),
        Some(Protocol::Grpc) => port.is_some(),
        Some(Protocol::Http | Protocol::Https) | None => true,
    };
    if let Some(protocol) = protocol.filter(|_| !is_fit) {
        let wanted = match protocol {
            Protocol::Dns => "NAME",
            Protocol::Icmp => "HOST",
            Protocol::Grpc => "HOST:PORT, or with /SERVICE behind it",
            Protocol::Tcp | Protocol::Udp | Protocol::Http | Protocol::Https => "HOST:PORT",
        };
        let scheme = protocol.as_str();
        return Err(format!("a {scheme}:// target is {scheme}://{wanted}"));
    }
    Ok(Target { text: text.to_owned(), place, protocol, port, path, behind: None })
}

fn parse_scheme(scheme: &str) -> Result<Protocol, String> {
    Protocol::of_word(scheme).ok_or_else(|| {
        let (scheme, known) = (scheme.to_lowercase(), Protocol::ALL.map(Protocol::as_str));
        format!("cannot check {}:// (known: {})", scheme.escape_debug(), known.join(", "))
    })
}

/// Splits `svc/web:80/x` into its kind and the rest. What is before the first `/` is a kind only if it is one.
fn split_kind(text: &str) -> Result<(Option<TargetKind>, &str), String> {
    let Some((word, rest)) = text.split_once('/') else { return Ok((None, text)) };
    if let Some(kind) = TargetKind::parse(word) {
        return Ok((Some(kind), rest));
    }
    if NO_ADDRESS.contains(&word) {
        return Err(format!(
            "a {word} has no address to check (known: pod, svc, deploy, sts, ds, job; a pod named {word} is pod/{word})"
        ));
    }
    Ok((None, text))
}

/// Splits `web:80/x?y#z` into `web:80` and `/x?y`: a fragment is never sent.
fn split_path(text: &str) -> Result<(&str, Option<String>), String> {
    let Some(at) = text.find('/') else { return Ok((text, None)) };
    let (authority, path) = text.split_at(at);
    let path = path.split('#').next().unwrap_or(path);
    match path.chars().find(|c| !c.is_ascii_graphic()) {
        Some(c) => Err(format!("{c:?} cannot stand in a path: percent-encode it")),
        None => Ok((authority, Some(path.to_owned()))),
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    if authority.contains('@') {
        return Err(
            "a user name cannot be part of a target: use curl -H 'Authorization: …'".to_owned()
        );
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, after) =
            rest.split_once(']').ok_or("the closing bracket of the IPv6 address is missing")?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((address, Some(port))),
            None if after.is_empty() => Ok((address, None)),
            None => Err("only :PORT or /PATH may follow the IPv6 address".to_owned()),
        };
    }
    match authority.split_once(':') {
        None => Ok((authority, None)),
        // More than one colon: an IPv6 address without brackets, so without a port.
        Some((_, rest)) if rest.contains(':') => Ok((authority, None)),
        Some((name, port)) => Ok((name, Some(port))),
    }
}

fn parse_port(port: &str, place: &Place) -> Result<PortRef, String> {
    if port.bytes().all(|b| b.is_ascii_digit()) {
        return match port.parse() {
            Ok(number) if number > 0 => Ok(PortRef::Number(number)),
            _ => Err(format!("{port:?} is no port: a number from 1 to 65535 or a port's name")),
        };
    }
    let name = port.len() <= 15
        && port.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match place {
        _ if !name => {
            Err(format!("{port:?} is no port: a number from 1 to 65535 or a port's name"))
        }
        Place::Object(..) | Place::Selected(_) => Ok(PortRef::Name(port.to_owned())),
        Place::Address(_) | Place::Host(_) => {
            Err(format!("only pods and Services have port names: give the number of {port:?}"))
        }
    }
}

fn is_host(name: &str) -> bool {
    name.contains('.') || name.eq_ignore_ascii_case("localhost")
}

/// Whether it has the form of a Service's name, alone or with a namespace. What else it may be is told of it as of any object.
fn is_service(name: &str) -> bool {
    name.is_empty()
        || (name.matches('.').count() < 2 && name.split('.').all(|part| !part.is_empty()))
}

/// A DNS subdomain as Kubernetes names objects (RFC 1123). Anything else would lead a request elsewhere: `..`, or nothing.
fn object_name(name: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_label = |label: &str| {
        let ends = [label.bytes().next(), label.bytes().last()];
        label.bytes().all(allowed) && ends.iter().all(|b| b.is_some_and(|b| b != b'-'))
    };
    if name.is_empty() {
        return Err("the name is missing".to_owned());
    }
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(format!(
            "{name:?} cannot be the name of an object (a-z and 0-9, and - and . between them)"
        ));
    }
    Ok(name.to_owned())
}

/// A host name; underscores occur in practice, so they pass, and so does the dot at the end of a whole name.
fn host_name(name: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(allowed);
    if name.is_empty() {
        return Err("the host is missing".to_owned());
    }
    let whole = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 || !whole.split('.').all(is_label) {
        return Err(format!("{name:?} is neither an IP address nor a host name"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: TargetKind, name: &str) -> Place {
        Place::Object(kind, name.to_owned())
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the field has it: the table stays narrow")]
    fn number(port: u16) -> Option<PortRef> {
        Some(PortRef::Number(port))
    }

    #[test]
    fn every_form_is_understood() {
        let host = |name: &str| Place::Host(name.to_owned());
        let ip = |address: &str| Place::Address(address.parse().expect("an address"));
        let http = Some(Protocol::Http);
        let cases = [
            ("nginx-ser", object(TargetKind::Pod, "nginx-ser"), None, None, None),
            (
                "nginx-ser:8080/healthz",
                object(TargetKind::Pod, "nginx-ser"),
                None,
                number(8080),
                Some("/healthz"),
            ),
            (
                "nginx-ser/a/b?c=d#e",
                object(TargetKind::Pod, "nginx-ser"),
                None,
                None,
                Some("/a/b?c=d"),
            ),
            ("pod/web.0", object(TargetKind::Pod, "web.0"), None, None, None),
            (
                "svc/web:http/x",
                object(TargetKind::Service, "web"),
                None,
                Some(PortRef::Name("http".into())),
                Some("/x"),
            ),
            ("service/web", object(TargetKind::Service, "web"), None, None, None),
            ("deploy/web:80", object(TargetKind::Deployment, "web"), None, number(80), None),
            ("sts/db:5432", object(TargetKind::StatefulSet, "db"), None, number(5432), None),
            ("10.0.0.7", ip("10.0.0.7"), None, None, None),
            ("10.0.0.7:80", ip("10.0.0.7"), None, number(80), None),
            ("fd00::1", ip("fd00::1"), None, None, None),
            ("[fd00::1]:80/x", ip("fd00::1"), None, number(80), Some("/x")),
            ("web.shop:80", host("web.shop"), None, number(80), None),
            ("localhost:80", host("localhost"), None, number(80), None),
            ("http://web/x", host("web"), http, None, Some("/x")),
            ("HTTPS://10.0.0.7", ip("10.0.0.7"), Some(Protocol::Https), None, None),
            ("http://[::1]:8080", ip("::1"), http, number(8080), None),
            ("tcp://db:5432", host("db"), Some(Protocol::Tcp), number(5432), None),
            ("udp://db:53", host("db"), Some(Protocol::Udp), number(53), None),
            ("dns://db", host("db"), Some(Protocol::Dns), None, None),
            ("icmp://10.0.0.7", ip("10.0.0.7"), Some(Protocol::Icmp), None, None),
        ];
        for (text, place, protocol, port, path) in cases {
            let path = path.map(str::to_owned);
            let expected =
                Target { text: text.to_owned(), place, protocol, port, path, behind: None };
            assert_eq!(text.parse::<Target>(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_target_says_why() {
        let cases = [
            ("", "is empty"),
            ("svc/", "the name is missing"),
            ("svc/web.shop.svc", "svc/NAME.NAMESPACE"),
            ("svc/web.", "svc/NAME.NAMESPACE"),
            ("svc/.default", "svc/NAME.NAMESPACE"),
            ("svc/web.-shop", "cannot be the name of an object"),
            ("deploy/..", "cannot be the name of an object"),
            ("pod/web.", "cannot be the name of an object"),
            ("pod/.web:80", "cannot be the name of an object"),
            ("web-", "cannot be the name of an object"),
            ("..:80", "is neither an IP address nor a host name"),
            ("http://.default", "is neither an IP address nor a host name"),
            ("node/node1", "a node has no address to check"),
            ("Nginx", "cannot be the name of an object"),
            ("a b", "cannot be the name of an object"),
            ("web:0", "is no port"),
            ("web:99999", "is no port"),
            ("web:", "is no port"),
            ("web:HTTP", "is no port"),
            ("10.0.0.7:http", "only pods and Services have port names"),
            ("ftp://web/x", "cannot check ftp://"),
            ("tcp://db", "tcp://HOST:PORT"),
            ("udp://db", "udp://HOST:PORT"),
            ("tcp://db:1/x", "tcp://HOST:PORT"),
            ("dns://db:53", "dns://NAME"),
            ("dns://10.0.0.7", "dns://NAME"),
            ("icmp://db/x", "icmp://HOST"),
            ("http://me:secret@web/", "a user name cannot be part of a target"),
            ("[fd00::1", "closing bracket"),
            ("web/a b", "percent-encode"),
            ("web/\u{1b}[2J", "percent-encode"),
            ("http://", "the host is missing"),
        ];
        for (text, problem) in cases {
            let error = text.parse::<Target>().expect_err(text).to_string();
            assert!(error.contains(problem), "{text:?}: {error}");
            assert!(!error.contains('\u{1b}'), "{text:?}: {error}");
        }
    }
}

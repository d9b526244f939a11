//! Which ports of a pod or Service are meant, and what their declaration says about the protocol.

use k8s_openapi::api::core::v1::{Pod, Service};
use kubectl_pods_report::{Protocol, Transport};

use super::target::PortRef;

/// A port as declared, or as typed when it is not declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// Where to connect.
    pub number: u16,
    /// What it is a port of.
    pub transport: Transport,
    /// Its name in the declaration.
    pub name: Option<String>,
    /// `appProtocol` of a Service port.
    pub app_protocol: Option<String>,
}

impl Port {
    /// A TCP port about which nothing but its number is known.
    #[must_use]
    pub(crate) const fn plain(number: u16) -> Self {
        Self { number, transport: Transport::Tcp, name: None, app_protocol: None }
    }

    /// The protocol that a check speaks when nothing else was asked for: HTTP where the declaration says so
    /// (`appProtocol: http`, or a name `http` or `http-…`) or the number is 80 or 8080, else a TCP handshake.
    /// Never HTTPS: whether a certificate ought to be valid for an address is not ours to guess.
    #[must_use]
    pub(crate) fn protocol(&self) -> Protocol {
        let says_http = |word: &str| word == "http" || word.starts_with("http-");
        let http = match (&self.app_protocol, &self.name) {
            (Some(protocol), _) => protocol.eq_ignore_ascii_case("http"),
            (None, Some(name)) if says_http(name) => true,
            (None, _) => matches!(self.number, 80 | 8080),
        };
        if http { Protocol::Http } else { Protocol::Tcp }
    }
}

/// The ports for `transport` that a pod's containers declare, sidecars included, each number once.
#[must_use]
pub(crate) fn of_pod(pod: &Pod, transport: Transport) -> Vec<Port> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let sidecars = spec
        .init_containers
        .iter()
        .flatten()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let declared = spec.containers.iter().chain(sidecars).flat_map(|c| c.ports.iter().flatten());
    let mut ports = Vec::new();
    for port in declared.filter(|port| is_for(transport, port.protocol.as_deref())) {
        push(&mut ports, transport, port.container_port, port.name.as_ref(), None);
    }
    ports
}

/// The ports of a Service for `transport`.
#[must_use]
pub(crate) fn of_service(service: &Service, transport: Transport) -> Vec<Port> {
    let declared = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let mut ports = Vec::new();
    for port in declared.filter(|port| is_for(transport, port.protocol.as_deref())) {
        push(&mut ports, transport, port.port, port.name.as_ref(), port.app_protocol.as_ref());
    }
    ports
}

/// Why there is no port to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoPort {
    /// None that is declared has the name.
    Unknown(String),
    /// None was asked for, and none is declared.
    NoneDeclared(String),
}

/// What is declared for the transport that was not asked for.
#[must_use]
pub(crate) const fn other(transport: Transport) -> Transport {
    match transport {
        Transport::Tcp => Transport::Udp,
        Transport::Udp => Transport::Tcp,
    }
}

/// Picks what was asked for, of the ports `declared` for `transport`: one port by number or name, else `fallback`, else all that are declared.
/// `others` are those that are declared for the other transport.
///
/// # Errors
///
/// When nothing is declared and nothing was asked for, or when no declared port has the name.
pub(crate) fn select(
    declared: Vec<Port>,
    others: &[Port],
    transport: Transport,
    wanted: Option<&PortRef>,
    fallback: Option<u16>,
) -> Result<Vec<Port>, NoPort> {
    let numbered = |number: u16| {
        let known = declared.iter().find(|port| port.number == number);
        vec![known.cloned().unwrap_or(Port { transport, ..Port::plain(number) })]
    };
    let word = transport.as_str();
    match (wanted, fallback) {
        (Some(&PortRef::Number(number)), _) | (None, Some(number)) => Ok(numbered(number)),
        (Some(PortRef::Name(name)), _) => {
            let named = declared.iter().find(|port| port.name.as_ref() == Some(name));
            let unknown = || {
                let of_other = others.iter().find(|port| port.name.as_ref() == Some(name));
                let why = of_other.map_or_else(|| listed(&declared), |port| instead(&[port]));
                format!("has no {word} port named {name:?} ({why})")
            };
            named.map(|port| vec![port.clone()]).ok_or_else(|| NoPort::Unknown(unknown()))
        }
        (None, None) if declared.is_empty() => {
            let others: Vec<&Port> = others.iter().collect();
            let problem = match others.as_slice() {
                [] => format!("declares no {word} port: say which, as in NAME:8080"),
                others => format!("declares no {word} port ({})", instead(others)),
            };
            Err(NoPort::NoneDeclared(problem))
        }
        (None, None) => Ok(declared),
    }
}

/// How the `ports` of the other transport are tried.
fn instead(ports: &[&Port]) -> String {
    let spelt = |port: &&Port| format!("{}/{}", port.number, port.transport.as_str());
    let listed: Vec<String> = ports.iter().map(spelt).collect();
    let how = match ports.first().map(|port| port.transport) {
        Some(Transport::Udp) => "check --protocol udp tries",
        _ => "check without --protocol udp tries",
    };
    let them = if ports.len() == 1 { "it" } else { "them" };
    format!("it declares {}: {how} {them}", listed.join(", "))
}

fn listed(ports: &[Port]) -> String {
    if ports.is_empty() {
        return "it declares none".to_owned();
    }
    let words: Vec<String> = ports
        .iter()
        .map(|port| match &port.name {
            Some(name) => format!("{name} {}", port.number),
            None => port.number.to_string(),
        })
        .collect();
    format!("it declares {}", words.join(", "))
}

/// Ports are TCP unless they say otherwise.
pub(crate) fn is_for(transport: Transport, protocol: Option<&str>) -> bool {
    protocol.unwrap_or("TCP") == transport.as_str()
}

fn push(
    ports: &mut Vec<Port>,
    transport: Transport,
    number: i32,
    name: Option<&String>,
    app_protocol: Option<&String>,
) {
    // The API server validated the number; a server that did not is no reason to stop.
    let Ok(number) = u16::try_from(number) else { return };
    if number > 0 && !ports.iter().any(|port| port.number == number) {
        let (name, app_protocol) = (name.cloned(), app_protocol.cloned());
        ports.push(Port { number, transport, name, app_protocol });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: u16, name: &str) -> Port {
        Port { name: Some(name.to_owned()), ..Port::plain(number) }
    }

    #[test]
    fn protocol_follows_the_declaration() {
        let app = |number, protocol: &str| Port {
            app_protocol: Some(protocol.to_owned()),
            ..Port::plain(number)
        };
        let cases = [
            (Port::plain(80), Protocol::Http),
            (Port::plain(8080), Protocol::Http),
            (Port::plain(443), Protocol::Tcp),
            (Port::plain(5432), Protocol::Tcp),
            (named(9000, "http"), Protocol::Http),
            (named(9000, "http-web"), Protocol::Http),
            (named(9000, "https"), Protocol::Tcp),
            (app(9000, "HTTP"), Protocol::Http),
            (app(80, "kubernetes.io/h2c"), Protocol::Tcp),
        ];
        for (port, protocol) in cases {
            assert_eq!(port.protocol(), protocol, "{port:?}");
        }
    }

    #[test]
    fn the_port_asked_for_is_picked() {
        let declared = || vec![named(8080, "http"), named(9090, "metrics")];
        let name = |name: &str| Some(PortRef::Name(name.to_owned()));
        let cases = [
            ("all declared", declared(), None, None, Ok(declared())),
            ("by name", declared(), name("metrics"), None, Ok(vec![named(9090, "metrics")])),
            (
                "number keeps its name",
                declared(),
                Some(PortRef::Number(8080)),
                None,
                Ok(vec![named(8080, "http")]),
            ),
            (
                "undeclared number",
                declared(),
                Some(PortRef::Number(1)),
                None,
                Ok(vec![Port::plain(1)]),
            ),
            ("fallback", declared(), None, Some(80), Ok(vec![Port::plain(80)])),
            (
                "asked beats fallback",
                declared(),
                Some(PortRef::Number(1)),
                Some(80),
                Ok(vec![Port::plain(1)]),
            ),
            ("none declared", vec![], None, None, Err("declares no TCP port")),
            (
                "no such name",
                declared(),
                name("grpc"),
                None,
                Err("it declares http 8080, metrics 9090"),
            ),
        ];
        for (case, declared, wanted, fallback, expected) in cases {
            let selected = select(declared, &[], Transport::Tcp, wanted.as_ref(), fallback);
            match (selected, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{case}"),
                (Err(NoPort::Unknown(got) | NoPort::NoneDeclared(got)), Err(expected)) => {
                    assert!(got.contains(expected), "{case}: {got}");
                }
                (got, expected) => panic!("{case}: {got:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn who_asks_in_the_other_transport_is_told_how() {
        let udp = |number, name: &str| Port { transport: Transport::Udp, ..named(number, name) };
        let dns = [udp(53, "dns"), udp(123, "time")];
        let name = Some(PortRef::Name("time".to_owned()));
        let cases = [
            (
                Transport::Tcp,
                &dns[..],
                None,
                "declares no TCP port (it declares 53/UDP, 123/UDP: check --protocol udp tries them)",
            ),
            (
                Transport::Tcp,
                &dns,
                name,
                "has no TCP port named \"time\" (it declares 123/UDP: check --protocol udp tries it)",
            ),
            (
                Transport::Udp,
                &[named(80, "http")],
                None,
                "declares no UDP port (it declares 80/TCP: check without --protocol udp tries it)",
            ),
        ];
        for (transport, others, wanted, expected) in cases {
            match select(Vec::new(), others, transport, wanted.as_ref(), None) {
                Err(NoPort::Unknown(got) | NoPort::NoneDeclared(got)) => assert_eq!(got, expected),
                got => panic!("{got:?}"),
            }
        }
    }

    #[test]
    fn only_ports_of_what_keeps_running_count() {
        let pod = serde_json::from_value(serde_json::json!({"spec": {
            "containers": [{"name": "a", "ports": [
                {"containerPort": 53, "protocol": "UDP"}, {"containerPort": 80, "name": "http", "protocol": "TCP"},
            ]}, {"name": "b", "ports": [{"containerPort": 80}]}],
            "initContainers": [
                {"name": "setup", "ports": [{"containerPort": 1}]},
                {"name": "proxy", "restartPolicy": "Always", "ports": [{"containerPort": 15001}]},
            ],
        }}))
        .expect("a pod");
        assert_eq!(of_pod(&pod, Transport::Tcp), [named(80, "http"), Port::plain(15001)]);
        let dns = Port { transport: Transport::Udp, ..Port::plain(53) };
        assert_eq!(of_pod(&pod, Transport::Udp), [dns]);
    }
}

//! The ports that a Service or a pod declares, for people.

use std::fmt::{self, Display};

use kubectl_pods_report::Transport;

use super::super::words;

/// `80`, `53/UDP`: ports are TCP's unless they say otherwise.
pub(super) fn spelt(number: impl Display, protocol: &str) -> String {
    if protocol == "TCP" { number.to_string() } else { format!("{number}/{protocol}") }
}

/// How a port of `protocol` is tried by who spoke over `spoken`, if a probe speaks it at all.
pub(super) fn how(spoken: Transport, protocol: &str) -> Option<&'static str> {
    match (spoken, protocol) {
        (Transport::Tcp, "UDP") => Some("with --protocol udp"),
        (Transport::Udp, "TCP") => Some("without --protocol udp"),
        _ => None,
    }
}

/// A declared port.
struct Port<'p> {
    name: Option<&'p str>,
    number: i32,
    protocol: &'p str,
}

impl Port<'_> {
    /// What to call it.
    fn word(&self) -> String {
        self.name.map_or_else(|| self.number.to_string(), str::to_owned)
    }
}

/// Declared ports in their order. Shown as `http (80), 9090, dns (53/UDP)`, or `none`.
pub(super) struct Declared<'p>(Vec<Port<'p>>);

impl<'p> Declared<'p> {
    /// From names, numbers and protocols.
    pub(super) fn new(
        ports: impl Iterator<Item = (Option<&'p String>, i32, Option<&'p String>)>,
    ) -> Self {
        let port = |(name, number, protocol): (Option<&'p String>, i32, Option<&'p String>)| Port {
            name: name.map(String::as_str).filter(|name| !name.is_empty()),
            number,
            protocol: protocol.map_or("TCP", String::as_str),
        };
        Self(ports.map(port).collect())
    }

    /// What to do for who asked for the port `name` of `transport`: speak its own protocol to the one that is called so, take
    /// one that is nearly called so, or else the first. None where no port is for what a probe speaks.
    pub(super) fn instead_of(&self, name: &str, transport: Transport) -> Option<String> {
        let others =
            || self.0.iter().filter_map(|port| Some((port, how(transport, port.protocol)?)));
        if let Some((_, how)) = others().find(|(port, _)| port.name == Some(name)) {
            return Some(format!("check it {how}"));
        }
        let own = || self.0.iter().filter(|port| port.protocol == transport.as_str());
        if let Some(near) = words::nearest(name, own().filter_map(|port| port.name)) {
            return Some(format!("did you mean {near}?"));
        }
        let first = own().next().map(|port| format!("use port {}", port.word()));
        first.or_else(|| {
            others().next().map(|(port, how)| format!("use port {} {how}", port.word()))
        })
    }
}

impl fmt::Display for Declared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let spelt = |port: &Port<'_>| {
            let number = spelt(port.number, port.protocol);
            port.name.map_or_else(|| number.clone(), |name| format!("{name} ({number})"))
        };
        f.write_str(&super::listed(self.0.iter().map(spelt)))
    }
}

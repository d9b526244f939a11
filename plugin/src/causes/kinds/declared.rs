//! The ports that a Service or a pod declares, for people.

use std::fmt;

use super::super::words;

/// A declared port: its name, its number, and its protocol where that is not TCP.
struct Port<'p> {
    name: Option<&'p str>,
    number: i32,
    other_protocol: Option<&'p str>,
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
            other_protocol: protocol.map(String::as_str).filter(|protocol| *protocol != "TCP"),
        };
        Self(ports.map(port).collect())
    }

    /// What to do for who asked for the port `name`: take the one that is nearly called so, else the first. None where no
    /// port is TCP's.
    pub(super) fn instead_of(&self, name: &str) -> Option<String> {
        let tcp = || self.0.iter().filter(|port| port.other_protocol.is_none());
        if let Some(near) = words::nearest(name, tcp().filter_map(|port| port.name)) {
            return Some(format!("did you mean {near}?"));
        }
        let first = tcp().next()?;
        let number = || first.number.to_string();
        Some(format!("use port {}", first.name.map_or_else(number, str::to_owned)))
    }
}

impl fmt::Display for Declared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let spelt = |port: &Port<'_>| {
            let protocol = port.other_protocol.map(|protocol| format!("/{protocol}"));
            let number = format!("{}{}", port.number, protocol.unwrap_or_default());
            port.name.map_or_else(|| number.clone(), |name| format!("{name} ({number})"))
        };
        f.write_str(&super::listed(self.0.iter().map(spelt)))
    }
}

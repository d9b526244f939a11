//! Clusters side by side: every port, address and kernel name of a cluster follows from its slot.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The number of a cluster on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Slot(u8);

/// A node's number, from 1.
pub(crate) type NodeIndex = u8;

/// How many nodes a cluster can have.
pub(crate) const MAX_NODES: u8 = 5;

impl Slot {
    /// All of them. Zero stays free, and more would not fit the address plan.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (1..=63).map(Self)
    }

    /// The bridge all nodes hang on.
    pub(crate) fn bridge(self) -> String {
        format!("kp{self}")
    }

    /// A node's network namespace, as `ip netns` shows it.
    pub(crate) fn namespace(self, node: NodeIndex) -> String {
        format!("kp{self}-node{node}")
    }

    /// The host's end of a node's link to the bridge. Interface names have 15 characters at most.
    pub(crate) fn link(self, node: NodeIndex) -> String {
        format!("kp{self}-ve{node}")
    }

    /// The folder of this cluster in every cgroup hierarchy.
    pub(crate) fn cgroup(self) -> String {
        format!("kpods{self}")
    }

    /// The host's address on the bridge, where nodes reach API server and DNS. Its network is a /24.
    pub(crate) fn host_ip(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, self.0, 1)
    }

    /// A node's address on the bridge.
    pub(crate) fn node_ip(self, node: NodeIndex) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, self.0, 10 + node)
    }

    /// Where all pods of the cluster get their addresses: a /16.
    pub(crate) fn cluster_cidr(self) -> String {
        format!("10.{}.0.0/16", 128 + self.0)
    }

    /// The pods of one node, under the bridge CNI. (Cilium hands out ranges of its own choosing.)
    pub(crate) fn pod_cidr(self, node: NodeIndex) -> String {
        format!("10.{}.{node}.0/24", 128 + self.0)
    }

    /// Where Services get their addresses.
    pub(crate) fn service_cidr(self) -> String {
        format!("10.88.{}.0/22", 4 * self.0)
    }

    /// The first Service address, which is that of `kubernetes.default`.
    pub(crate) fn kubernetes_ip(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 88, 4 * self.0, 1)
    }

    /// The Service address of the cluster's DNS.
    pub(crate) fn dns_ip(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 88, 4 * self.0, 10)
    }

    /// A node's IPv6 address on the bridge, of a /64, where there are any. They are unique local ones (RFC 4193).
    pub(crate) fn node_ipv6(self, node: NodeIndex) -> Ipv6Addr {
        self.ipv6(0, u16::from(10 + node))
    }

    /// Where all pods of the cluster get their IPv6 addresses.
    pub(crate) fn cluster_cidr_ipv6(self) -> String {
        format!("{}/56", self.ipv6(0x100, 0))
    }

    /// The IPv6 addresses of the pods of one node.
    pub(crate) fn pod_cidr_ipv6(self, node: NodeIndex) -> String {
        format!("{}/64", self.ipv6(0x100 + u16::from(node), 0))
    }

    /// Where Services get their IPv6 addresses.
    pub(crate) fn service_cidr_ipv6(self) -> String {
        format!("{}/112", self.ipv6(0x200, 0))
    }

    fn ipv6(self, network: u16, host: u16) -> Ipv6Addr {
        Ipv6Addr::new(0xfd4b, 0x7064, u16::from(self.0), network, 0, 0, 0, host)
    }

    /// The API server's port. All ports lie below the range Linux takes ephemeral ports from.
    pub(crate) fn api_port(self) -> u16 {
        self.port(0)
    }

    /// etcd's port for the API server, on loopback.
    pub(crate) fn etcd_port(self) -> u16 {
        self.port(1)
    }

    /// etcd's port for other members, of which there are none, on loopback.
    pub(crate) fn etcd_peer_port(self) -> u16 {
        self.port(2)
    }

    /// The Cilium operator's own API, on loopback.
    pub(crate) fn cilium_operator_port(self) -> u16 {
        self.port(3)
    }

    /// Every port this slot uses on the host.
    pub(crate) fn ports(self) -> [u16; 4] {
        [0, 1, 2, 3].map(|offset| self.port(offset))
    }

    /// The first two bytes of every address range of this slot, to compare with what is in use.
    pub(crate) fn contains(self, address: Ipv4Addr) -> bool {
        match address.octets() {
            [10, 88, third, _] => third / 4 == self.0,
            [10, 89, third, _] => third == self.0,
            [10, second, _, _] => second == 128 + self.0,
            _ => false,
        }
    }

    fn port(self, offset: u16) -> u16 {
        21_000 + 10 * u16::from(self.0) + offset
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_slots_share_anything() {
        let mut seen = HashSet::new();
        for slot in Slot::all() {
            let mut names =
                vec![slot.bridge(), slot.cgroup(), slot.cluster_cidr(), slot.service_cidr()];
            names.extend([slot.cluster_cidr_ipv6(), slot.service_cidr_ipv6()]);
            names.extend(
                [slot.host_ip(), slot.kubernetes_ip(), slot.dns_ip()].map(|ip| ip.to_string()),
            );
            names.extend(slot.ports().map(|port| port.to_string()));
            for node in 1..=MAX_NODES {
                names.extend([slot.namespace(node), slot.link(node), slot.pod_cidr(node)]);
                names.extend([slot.node_ip(node).to_string(), slot.node_ipv6(node).to_string()]);
                names.push(slot.pod_cidr_ipv6(node));
            }
            for name in names {
                assert!(seen.insert(name.clone()), "slot {slot} reuses {name}");
            }
        }
    }

    #[test]
    fn names_fit_the_kernel() {
        for slot in Slot::all() {
            assert!(slot.bridge().len() <= 15 && slot.link(MAX_NODES).len() <= 15);
            assert!(slot.ports().iter().all(|port| (1024..32_768).contains(port)));
        }
    }

    #[test]
    fn owns_its_addresses_and_no_others() {
        let [one, two] = [Slot(1), Slot(2)];
        for address in [one.host_ip(), one.node_ip(5), one.dns_ip(), Ipv4Addr::new(10, 129, 7, 7)] {
            assert!(one.contains(address), "{address}");
            assert!(!two.contains(address), "{address}");
        }
        assert!(!one.contains(Ipv4Addr::LOCALHOST));
    }
}

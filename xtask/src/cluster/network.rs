//! The bridge, and the nodes' network namespaces on it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, setns};
use serde::Deserialize;

use super::slot::{NodeIndex, Slot};
use super::{Cluster, Cni, firewall};
use crate::command;

/// Where `ip netns` pins a node's network namespace.
pub(crate) fn namespace_path(slot: Slot, node: NodeIndex) -> PathBuf {
    Path::new("/run/netns").join(slot.namespace(node))
}

/// The addresses this machine has.
#[derive(Debug)]
pub(crate) struct HostAddresses(Vec<Ipv4Addr>);

#[derive(Debug, Deserialize)]
struct Link {
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    local: Ipv4Addr,
}

impl HostAddresses {
    /// Reads them; none when there is no `ip`, which a control plane alone does not need.
    pub(crate) fn read() -> Result<Self> {
        if !crate::host::is_there("ip") {
            return Ok(Self(Vec::new()));
        }
        let text = command::output(Command::new("ip").args(["-json", "-4", "address"]))?;
        let links: Vec<Link> = serde_json::from_str(&text).context("cannot read `ip address`")?;
        let addresses = links.into_iter().flat_map(|link| link.addr_info);
        Ok(Self(addresses.map(|address| address.local).collect()))
    }

    /// Whether nothing on this machine uses an address or a port of `slot`.
    pub(crate) fn leaves_free(&self, slot: Slot) -> bool {
        let addresses_free = !self.0.iter().any(|address| slot.contains(*address));
        let port_free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
        addresses_free && slot.ports().iter().all(port_free)
    }
}

/// Makes the bridge, and gives the host its address on it.
pub(crate) fn create_bridge(cluster: &Cluster) -> Result<()> {
    let slot = cluster.spec.slot;
    let bridge = slot.bridge();
    let ip = |arguments: &[&str]| ip_as_part_of(cluster, arguments);
    ip(&["link", "add", &bridge, "type", "bridge"])?;
    ip(&["address", "add", &format!("{}/24", slot.host_ip()), "dev", &bridge])?;
    ip(&["link", "set", &bridge, "up"])?;
    firewall::open(cluster)
}

/// Makes a node's network namespace, its link to the bridge, and the routes between pods.
pub(crate) fn create_node(cluster: &Cluster, node: NodeIndex) -> Result<()> {
    let (spec, slot) = (&cluster.spec, cluster.spec.slot);
    let ip = |arguments: &[&str]| ip_as_part_of(cluster, arguments);
    let (namespace, link) = (slot.namespace(node), slot.link(node));
    ip(&["netns", "add", &namespace])?;
    ip(&["link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &namespace])?;
    ip(&["link", "set", &link, "master", &slot.bridge(), "up"])?;
    let inside = |arguments: &[&str]| ip(&[&["-netns", &namespace], arguments].concat());
    inside(&["link", "set", "lo", "up"])?;
    inside(&["address", "add", &format!("{}/24", slot.node_ip(node)), "dev", "eth0"])?;
    inside(&["link", "set", "eth0", "up"])?;
    inside(&["route", "add", "default", "via", &slot.host_ip().to_string()])?;
    within(&namespace_path(slot, node), || {
        fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("cannot turn on forwarding")?;
        firewall::filter_bridges()
    })?;
    if spec.cni == Cni::DualStack {
        create_ipv6(cluster, node)?;
    }
    if spec.cni.is_bridge() {
        for other in spec.node_indices().filter(|other| *other != node) {
            let gateway = slot.node_ip(other).to_string();
            inside(&["route", "add", &slot.pod_cidr(other), "via", &gateway])?;
        }
        route_to_pods(cluster, node, &slot.pod_cidr(node))?;
    }
    Ok(())
}

/// Gives a node an IPv6 address, and ways to the IPv6 addresses of pods on other nodes.
fn create_ipv6(cluster: &Cluster, node: NodeIndex) -> Result<()> {
    let slot = cluster.spec.slot;
    let namespace = slot.namespace(node);
    let inside =
        |arguments: &[&str]| ip_as_part_of(cluster, &[&["-netns", &namespace], arguments].concat());
    within(&namespace_path(slot, node), || {
        let forwarding = "/proc/sys/net/ipv6/conf/all/forwarding";
        fs::write(forwarding, "1").context("cannot turn on forwarding of IPv6")
    })?;
    // Without the search for a duplicate, in whose second nobody could have this address as a gateway.
    let address = format!("{}/64", slot.node_ipv6(node));
    inside(&["address", "add", &address, "dev", "eth0", "nodad"])?;
    for other in cluster.spec.node_indices().filter(|other| *other != node) {
        let gateway = slot.node_ipv6(other).to_string();
        inside(&["route", "add", &slot.pod_cidr_ipv6(other), "via", &gateway])?;
    }
    Ok(())
}

/// The host's own way to a node's pods. It goes when the bridge goes.
pub(crate) fn route_to_pods(cluster: &Cluster, node: NodeIndex, range: &str) -> Result<()> {
    let slot = cluster.spec.slot;
    ip_as_part_of(
        cluster,
        &["route", "replace", range, "via", &slot.node_ip(node).to_string(), "dev", &slot.bridge()],
    )
}

/// Removes all of it; what is not there is no error.
pub(crate) fn remove(slot: Slot) -> Result<()> {
    for node in 1..=super::slot::MAX_NODES {
        // The namespace may live a little longer than its name; its link must not.
        if link_exists(&slot.link(node)) {
            ip(&["link", "delete", &slot.link(node)])?;
        }
        if namespace_path(slot, node).exists() {
            ip(&["netns", "delete", &slot.namespace(node)])?;
        }
    }
    if link_exists(&slot.bridge()) {
        firewall::close(slot)?;
        ip(&["link", "delete", &slot.bridge()])?;
    }
    Ok(())
}

/// Whether our network namespace has a link of this name. (`/sys` shows the links of whichever
/// namespace it was mounted in.)
pub(crate) fn link_exists(name: &str) -> bool {
    let links = fs::read_to_string("/proc/thread-self/net/dev").unwrap_or_default();
    let mut names = links.lines().filter_map(|line| line.split_once(':'));
    names.any(|(link, _)| link.trim() == name)
}

/// Runs `work` inside a network namespace, on a thread of its own: a namespace is a thread's.
pub(crate) fn within<T: Send>(
    namespace: &Path,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    let file = File::open(namespace)
        .with_context(|| format!("cannot open namespace {}", namespace.display()))?;
    let enter = || {
        setns(&file, CloneFlags::CLONE_NEWNET)
            .with_context(|| format!("cannot enter namespace {}", namespace.display()))?;
        work()
    };
    std::thread::scope(|scope| scope.spawn(enter).join().expect("the work does not panic"))
}

/// `ip`, ended by `down` even when whoever started it was killed.
fn ip_as_part_of(cluster: &Cluster, arguments: &[&str]) -> Result<()> {
    command::run(cluster.launcher().command("ip").args(arguments))
}

fn ip(arguments: &[&str]) -> Result<()> {
    command::run(Command::new("ip").args(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_by_name() {
        assert!(link_exists("lo") && !link_exists("l") && !link_exists("Inter-|   Receive"));
    }

    #[test]
    fn a_slot_whose_addresses_are_in_use_is_not_free() {
        let slot = Slot::all().next().unwrap();
        assert!(!HostAddresses(vec![slot.host_ip()]).leaves_free(slot));
        assert!(!HostAddresses(vec![slot.dns_ip()]).leaves_free(slot));
    }
}

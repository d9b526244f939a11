//! Cilium as the network of a cluster: an operator on the host, an agent on every node.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::process::{Process, wait_until};
use super::slot::NodeIndex;
use super::{Cluster, cgroup, network};
use crate::command;

/// The agent compiles its eBPF programs before it says that it is ready.
const START_LIMIT: Duration = Duration::from_mins(3);

/// Starts the operator, which hands out a pod range to every node.
pub(crate) fn start_operator(cluster: &Cluster, programs: &Path) -> Result<Process> {
    let slot = cluster.spec.slot;
    let mut command = cluster.launcher().command(programs.join("operator"));
    command.arg("--k8s-kubeconfig-path").arg(cluster.state.kubeconfig("admin"));
    command.args([
        "--ipam=cluster-pool",
        "--enable-ipv6=false",
        "--cluster-pool-ipv4-mask-size=24",
    ]);
    command.arg(format!("--cluster-pool-ipv4-cidr={}", slot.cluster_cidr()));
    command.arg(format!("--operator-api-serve-addr=127.0.0.1:{}", slot.cilium_operator_port()));
    command.env("K8S_NODE_NAME", "host");
    cluster.launcher().start("cilium-operator", &command)
}

/// Starts the agent of one node.
pub(crate) fn start_agent(cluster: &Cluster, programs: &Path, node: NodeIndex) -> Result<Process> {
    let folder = cluster.state.node(node).join("cilium");
    std::fs::create_dir_all(&folder)?;
    let pods = cluster.spec.slot.cluster_cidr();
    let mut command = cluster.launcher().command_inside(node, programs.join("daemon"));
    command.arg("--k8s-kubeconfig-path").arg(cluster.state.kubeconfig("network"));
    command.arg("--state-dir").arg(folder).arg("--lib-dir").arg(programs.join("lib"));
    // Addresses: pods of other nodes are reached directly over the bridge, under their own address.
    command.args(["--ipam=cluster-pool", "--enable-ipv6=false", "--enable-ipv4-masquerade=false"]);
    command.args(["--routing-mode=native", "--auto-direct-node-routes=true", "--devices=eth0"]);
    command.arg(format!("--ipv4-native-routing-cidr={pods}"));
    // Only policies are wanted of it: kube-proxy does Services, as under the bridge CNI.
    command.args(["--kube-proxy-replacement=false", "--install-iptables-rules=false"]);
    command.args(["--enable-l7-proxy=false", "--enable-hubble=false", "--cni-exclusive=false"]);
    command.args(["--enable-health-checking=false", "--enable-endpoint-health-checking=false"]);
    command.args(["--identity-allocation-mode=crd", "--bpf-root=/sys/fs/bpf"]);
    command.arg("--cgroup-root").arg(cgroup::unified_root()).arg("--enable-bpf-clock-probe=false");
    command.arg("--bpf-map-dynamic-size-ratio=0.0025");
    command.env("K8S_NODE_NAME", format!("node{node}"));
    command.env("CILIUM_K8S_NAMESPACE", "kube-system").env("PATH", search_path(programs));
    cluster.launcher().start(&format!("cilium-node{node}"), &command)
}

/// Waits until the agent is ready, and gives the host a route to the pods of its node.
pub(crate) fn wait_on_node(
    cluster: &Cluster,
    programs: &Path,
    node: NodeIndex,
    processes: &[Process],
) -> Result<()> {
    let processes: Vec<&Process> = processes.iter().collect();
    let mut range = String::new();
    let what = format!("a pod range for node{node}");
    wait_until(&what, &processes, START_LIMIT, || {
        range = pod_range(cluster, node).unwrap_or_default();
        !range.is_empty()
    })?;
    network::route_to_pods(cluster, node, &range)?;
    let status = || {
        let mut debug = cluster.launcher().command_inside(node, programs.join("cilium-dbg"));
        command::output(debug.args(["status", "--brief"]))
    };
    wait_until(&format!("Cilium on node{node}"), &processes, START_LIMIT, || {
        status().is_ok_and(|said| said.contains("OK"))
    })
}

fn pod_range(cluster: &Cluster, node: NodeIndex) -> Result<String> {
    let path = "jsonpath={.spec.ipam.podCIDRs[0]}";
    let name = format!("node{node}");
    command::output(cluster.kubectl().args(["get", "ciliumnode", &name, "-o", path]))
}

/// Cilium calls `clang` and `llc`: ours come first.
fn search_path(programs: &Path) -> OsString {
    let mut path = programs.join("tools").into_os_string();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    path
}

//! CoreDNS on the host, as the cluster's DNS.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::control_plane::listens;
use super::process::{Process, wait_until};
use super::slot::{NodeIndex, Slot};
use super::state::write;
use super::{Cluster, network};

const COREFILE: &str = include_str!("../../../tests/cluster/Corefile");
const START_LIMIT: Duration = Duration::from_mins(1);

/// Starts CoreDNS and gives it its Service.
pub(crate) fn start(cluster: &Cluster) -> Result<Process> {
    let corefile = cluster.state.root().join("Corefile");
    let text = COREFILE
        .replace("{address}", &cluster.spec.slot.host_ip().to_string())
        .replace("{kubeconfig}", &cluster.state.kubeconfig("network").display().to_string());
    write(&corefile, &text)?;
    let mut command = cluster.launcher().command(cluster.programs.kubernetes.join("coredns"));
    command.arg("-conf").arg(corefile);
    let coredns = cluster.launcher().start("dns", &command)?;
    create_service(cluster).context("cannot create the Service of the cluster's DNS")?;
    Ok(coredns)
}

/// Waits until DNS answers on a node under its Service address: then kube-proxy does its work there.
pub(crate) fn wait_on_node(
    cluster: &Cluster,
    node: NodeIndex,
    processes: &[&Process],
) -> Result<()> {
    let slot = cluster.spec.slot;
    let what = format!("DNS at its Service address on node{node}");
    network::within(&network::namespace_path(slot, node), || {
        wait_until(&what, processes, START_LIMIT, || listens(slot.dns_ip(), 53))
    })
}

fn create_service(cluster: &Cluster) -> Result<()> {
    let mut kubectl = cluster
        .kubectl()
        .args(["create", "--validate=false", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut stdin = kubectl.stdin.take().context("kubectl has no standard input")?;
    stdin.write_all(service(cluster.spec.slot).to_string().as_bytes())?;
    drop(stdin);
    let status = kubectl.wait()?;
    ensure!(status.success(), "kubectl create failed ({status})");
    Ok(())
}

/// A Service without selector, and the endpoint it stands for.
fn service(slot: Slot) -> Value {
    let ports = json!([
        { "name": "dns", "port": 53, "protocol": "UDP" },
        { "name": "dns-tcp", "port": 53, "protocol": "TCP" },
    ]);
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": { "name": "kube-dns", "namespace": "kube-system" },
                "spec": { "clusterIP": slot.dns_ip(), "ports": ports },
            },
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": "kube-dns",
                    "namespace": "kube-system",
                    "labels": { "kubernetes.io/service-name": "kube-dns" },
                },
                "addressType": "IPv4",
                "ports": ports,
                "endpoints": [{ "addresses": [slot.host_ip()] }],
            },
        ],
    })
}

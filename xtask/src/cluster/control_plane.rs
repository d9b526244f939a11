//! etcd, API server, controller manager and scheduler, as processes of the host.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::process::{Process, wait_until};
use super::{Cluster, Cni};
use crate::command;

const START_LIMIT: Duration = Duration::from_secs(90);

/// Starts them, and returns once the API server is ready and pods can be created in the default
/// namespace.
///
/// # Errors
///
/// When one of them ends or is not ready in time, with the end of its log.
pub(crate) fn start(cluster: &Cluster) -> Result<()> {
    let etcd = start_etcd(cluster)?;
    // Not both at once: whoever finds no etcd at first asks again only a second later.
    let port = cluster.spec.slot.etcd_port();
    wait_until("etcd's port", &[&etcd], START_LIMIT, || listens(Ipv4Addr::LOCALHOST, port))?;
    let api_server = start_api_server(cluster)?;
    wait_until("an API server that is ready", &[&etcd, &api_server], START_LIMIT, || {
        is_ready(cluster)
    })?;
    let controllers = start_controller_manager(cluster)?;
    if cluster.spec.nodes > 0 {
        start_scheduler(cluster)?;
    }
    wait_until("the default service account", &[&controllers], START_LIMIT, || {
        command::succeeds(cluster.kubectl().args(["get", "serviceaccount", "default"]))
    })
}

/// Whether the API server says so of itself.
pub(crate) fn is_ready(cluster: &Cluster) -> bool {
    listens(Ipv4Addr::LOCALHOST, cluster.spec.slot.api_port())
        && command::succeeds(cluster.kubectl().args(["get", "--raw", "/readyz"]))
}

/// Whether something accepts TCP connections there.
pub(crate) fn listens(address: Ipv4Addr, port: u16) -> bool {
    let limit = Duration::from_secs(1);
    TcpStream::connect_timeout(&SocketAddr::from((address, port)), limit).is_ok()
}

fn start_etcd(cluster: &Cluster) -> Result<Process> {
    let client = format!("http://127.0.0.1:{}", cluster.spec.slot.etcd_port());
    let peer = format!("http://127.0.0.1:{}", cluster.spec.slot.etcd_peer_port());
    let mut command = program(cluster, "etcd");
    command.arg("--data-dir").arg(cluster.state.etcd());
    // Nobody needs this data after a power cut.
    command.arg("--unsafe-no-fsync");
    command.arg(format!("--listen-client-urls={client}"));
    command.arg(format!("--advertise-client-urls={client}"));
    command.arg(format!("--listen-peer-urls={peer}"));
    command.arg(format!("--initial-advertise-peer-urls={peer}"));
    command.arg(format!("--initial-cluster=default={peer}"));
    cluster.launcher().start("etcd", &command)
}

fn start_api_server(cluster: &Cluster) -> Result<Process> {
    let Cluster { spec, state, .. } = cluster;
    let bind = if spec.nodes == 0 { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
    let mut command = program(cluster, "kube-apiserver");
    command.arg(format!("--etcd-servers=http://127.0.0.1:{}", spec.slot.etcd_port()));
    command.arg(format!("--bind-address={bind}"));
    command.arg(format!("--advertise-address={}", spec.slot.host_ip()));
    command.arg(format!("--secure-port={}", spec.slot.api_port()));
    let mut services = spec.slot.service_cidr();
    if spec.cni == Cni::DualStack {
        services = format!("{services},{}", spec.slot.service_cidr_ipv6());
    }
    command.arg(format!("--service-cluster-ip-range={services}"));
    command.arg("--service-account-issuer=https://kubernetes.default.svc");
    command.args(["--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"]);
    command.args(["--kubelet-preferred-address-types=InternalIP", "--allow-privileged=true"]);
    let files = [
        ("--tls-cert-file", "apiserver.crt"),
        ("--tls-private-key-file", "apiserver.key"),
        ("--client-ca-file", "ca.crt"),
        ("--service-account-key-file", "service-account.key"),
        ("--service-account-signing-key-file", "service-account.key"),
        ("--kubelet-client-certificate", "admin.crt"),
        ("--kubelet-client-key", "admin.key"),
        ("--kubelet-certificate-authority", "ca.crt"),
    ];
    for (flag, file) in files {
        command.arg(flag).arg(state.pki(file));
    }
    cluster.launcher().start("apiserver", &command)
}

fn start_controller_manager(cluster: &Cluster) -> Result<Process> {
    let state = &cluster.state;
    let mut command = program(cluster, "kube-controller-manager");
    command.arg("--kubeconfig").arg(state.kubeconfig("controller-manager"));
    command.arg("--service-account-private-key-file").arg(state.pki("service-account.key"));
    command.arg("--root-ca-file").arg(state.pki("ca.crt"));
    command.args(["--leader-elect=false", "--use-service-account-credentials=true"]);
    // It asks for a token for every controller before it starts any, and at 20 requests a second that
    // alone takes 3 s.
    command.args(["--kube-api-qps=500", "--kube-api-burst=1000"]);
    // A server of its own would make itself an RSA key first, and nobody asks it anything.
    command.arg("--secure-port=0");
    command.arg(format!("--controllers={}", cluster.spec.controllers));
    cluster.launcher().start("controller-manager", &command)
}

fn start_scheduler(cluster: &Cluster) -> Result<Process> {
    let mut command = program(cluster, "kube-scheduler");
    command.arg("--kubeconfig").arg(cluster.state.kubeconfig("scheduler"));
    command.args(["--leader-elect=false", "--secure-port=0"]);
    cluster.launcher().start("scheduler", &command)
}

fn program(cluster: &Cluster, name: &str) -> Command {
    cluster.launcher().command(cluster.programs.kubernetes.join(Path::new(name)))
}

//! A node: a network and a mount namespace with a containerd, a kubelet and a kube-proxy.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::process::{Launcher, Process, wait_until};
use super::slot::NodeIndex;
use super::state::{Spec, State, write};
use super::{Cluster, Cni, cgroup, network};
use crate::command;
use crate::image::Image;

const MOUNTS: &str = include_str!("../../../tests/cluster/node-mounts.sh");
const START_LIMIT: Duration = Duration::from_mins(1);

/// Makes the namespaces of a node and starts its containerd.
pub(crate) fn start_runtime(cluster: &Cluster, node: NodeIndex) -> Result<Process> {
    let Cluster { spec, state, .. } = cluster;
    network::create_node(cluster, node)?;
    create_files(spec, state, node)?;
    create_mounts(state, cluster.launcher(), node)?;
    let folder = state.node(node);
    let mut command = cluster.launcher().command_inside(node, "containerd");
    command.arg("--config").arg(folder.join("containerd.toml"));
    let containerd = cluster.launcher().start(&format!("containerd-node{node}"), &command)?;
    wait_until("its socket", &[&containerd], START_LIMIT, || {
        command::succeeds(ctr(cluster, node).arg("version"))
    })?;
    Ok(containerd)
}

/// Puts an image archive into the node's containerd.
pub(crate) fn import_image(cluster: &Cluster, node: NodeIndex, archive: &Path) -> Result<()> {
    let mut command = ctr(cluster, node);
    command.args(["images", "import"]).arg(archive);
    command::run(&mut command)
        .with_context(|| format!("cannot import {} into node{node}", archive.display()))
}

/// Starts what makes it a node of the cluster. The API server must be ready.
pub(crate) fn join(cluster: &Cluster, node: NodeIndex) -> Result<[Process; 2]> {
    let Cluster { spec, state, .. } = cluster;
    let (name, folder) = (format!("node{node}"), state.node(node));
    let launcher = cluster.launcher();
    let mut kubelet = launcher.command_inside(node, cluster.programs.kubernetes.join("kubelet"));
    kubelet.arg("--config").arg(folder.join("kubelet.json"));
    kubelet.arg("--kubeconfig").arg(state.kubeconfig(&name));
    kubelet.arg(format!("--hostname-override={name}"));
    kubelet.arg(format!("--node-ip={}", addresses(spec, node)));
    kubelet.arg("--root-dir").arg(folder.join("kubelet"));
    kubelet.arg("--cert-dir").arg(folder.join("kubelet/pki"));
    let mut proxy = launcher.command_inside(node, cluster.programs.kubernetes.join("kube-proxy"));
    proxy.arg("--kubeconfig").arg(state.kubeconfig("proxy"));
    proxy.arg("--proxy-mode=nftables");
    proxy.arg(format!("--hostname-override={name}"));
    let mut ranges = spec.slot.cluster_cidr();
    if spec.cni == Cni::DualStack {
        ranges = format!("{ranges},{}", spec.slot.cluster_cidr_ipv6());
    }
    proxy.arg(format!("--cluster-cidr={ranges}"));
    // The limit is a sysctl that a network namespace may not set.
    proxy.arg("--conntrack-max-per-core=0");
    Ok([
        launcher.start(&format!("kubelet-{name}"), &kubelet)?,
        launcher.start(&format!("proxy-{name}"), &proxy)?,
    ])
}

fn addresses(spec: &Spec, node: NodeIndex) -> String {
    let ipv4 = spec.slot.node_ip(node);
    match spec.cni {
        Cni::DualStack => format!("{ipv4},{}", spec.slot.node_ipv6(node)),
        Cni::Bridge | Cni::Cilium => ipv4.to_string(),
    }
}

/// Waits until pods can be scheduled to the node.
pub(crate) fn wait_ready(cluster: &Cluster, node: NodeIndex, processes: &[Process]) -> Result<()> {
    let name = format!("node{node}");
    let path = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
    let processes: Vec<&Process> = processes.iter().collect();
    wait_until(&format!("{name} Ready"), &processes, START_LIMIT, || {
        let said = command::output(cluster.kubectl().args(["get", "node", &name, "-o", path]));
        said.is_ok_and(|status| status == "True")
    })
}

fn ctr(cluster: &Cluster, node: NodeIndex) -> Command {
    let mut command = cluster.launcher().command("ctr");
    command.arg("--address").arg(socket(&cluster.state, node)).args(["--namespace", "k8s.io"]);
    command
}

/// Where the containerd of a node listens.
pub(crate) fn socket(state: &State, node: NodeIndex) -> std::path::PathBuf {
    state.node(node).join("containerd.sock")
}

/// Pins a mount namespace whose mounts, those of pods included, end with it.
fn create_mounts(state: &State, launcher: Launcher<'_>, node: NodeIndex) -> Result<()> {
    let pin = state.mounts().join(format!("node{node}"));
    write(&pin, "")?;
    let mut pinned = std::ffi::OsString::from("--mount=");
    pinned.push(&pin);
    let attempt = |words: &[&str]| {
        let mut command = launcher.command(words[0]);
        command.args(&words[1..]).arg(&pinned).args(["--propagation", "private"]);
        command.args(["sh", "-c", MOUNTS, "node-mounts"]).arg(state.root()).arg(state.node(node));
        command::run(&mut command)
    };
    let mut outcome = attempt(&["unshare"]);
    for cpu in cpus()? {
        if !outcome.as_ref().is_err_and(is_younger) {
            break;
        }
        outcome = attempt(&["taskset", "--cpu-list", &cpu.to_string(), "unshare"]);
    }
    outcome.with_context(|| format!("cannot make the mounts of node{node}"))
}

/// A mount namespace can be pinned only from an older one. Linux 6.18 tells their age by numbers of which every CPU has a
/// stock of its own, so to any but the machine's first mount namespace (in a container, say) one that was made just now
/// on another CPU may count as the older of the two.
fn is_younger(error: &anyhow::Error) -> bool {
    let said = format!("{error:#}");
    said.contains("/ns/mnt on ") && said.contains("Invalid argument")
}

/// The CPUs that we may use.
fn cpus() -> Result<Vec<usize>> {
    let ours = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|cpu| ours.is_set(*cpu).unwrap_or_default()).collect())
}

/// Mount namespaces can be pinned only below a mount that propagates nowhere.
pub(crate) fn create_mount_folder(cluster: &Cluster) -> Result<()> {
    let folder = cluster.state.mounts();
    let mount = || cluster.launcher().command("mount");
    command::run(mount().arg("--bind").args([&folder, &folder]))?;
    command::run(mount().arg("--make-private").arg(&folder))
}

fn create_files(spec: &Spec, state: &State, node: NodeIndex) -> Result<()> {
    let folder = state.node(node);
    for part in ["containerd", "containerd-state", "kubelet", "cni", "logs"] {
        let part = folder.join(part);
        fs::create_dir_all(&part).with_context(|| format!("cannot create {}", part.display()))?;
    }
    write(&folder.join("cni/10-pods.conflist"), &cni_config(spec, &folder, node).to_string())?;
    write(&folder.join("containerd.toml"), &containerd_config(state, node))?;
    write(&folder.join("resolv.conf"), &format!("nameserver {}\n", spec.slot.host_ip()))?;
    write(&folder.join("kubelet.json"), &kubelet_config(spec, state, node).to_string())
}

fn cni_config(spec: &Spec, folder: &Path, node: NodeIndex) -> Value {
    let mut ranges = vec![json!([{ "subnet": spec.slot.pod_cidr(node) }])];
    let mut routes = vec![json!({ "dst": "0.0.0.0/0" })];
    if spec.cni == Cni::DualStack {
        ranges.push(json!([{ "subnet": spec.slot.pod_cidr_ipv6(node) }]));
        routes.push(json!({ "dst": "::/0" }));
    }
    match spec.cni {
        Cni::Cilium => json!({
            "cniVersion": "0.3.1",
            "name": "cilium",
            "plugins": [{ "type": "cilium-cni", "log-file": folder.join("cilium-cni.log") }],
        }),
        Cni::Bridge | Cni::DualStack => json!({
            "cniVersion": "1.0.0",
            "name": "pods",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": "cni0",
                    "isGateway": true,
                    "hairpinMode": true,
                    "ipam": {
                        "type": "host-local",
                        "dataDir": folder.join("ipam"),
                        "ranges": ranges,
                        "routes": routes,
                    },
                },
                { "type": "portmap", "capabilities": { "portMappings": true } },
            ],
        }),
    }
}

fn containerd_config(state: &State, node: NodeIndex) -> String {
    let folder = state.node(node);
    let (folder, plugins) = (folder.display(), state.cni_plugins());
    // restrict_oom_score_adj: without CAP_SYS_RESOURCE a score cannot be lowered, and runc would
    // fail with no word about it.
    format!(
        r#"version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"#,
        pause = Image::Pause.reference(),
        plugins = plugins.display(),
    )
}

fn kubelet_config(spec: &Spec, state: &State, node: NodeIndex) -> Value {
    let folder = state.node(node);
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": false,
        "failSwapOn": false,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup::node_root(spec.slot, node),
        "containerRuntimeEndpoint": format!("unix://{}", socket(state, node).display()),
        "tlsCertFile": state.pki(&format!("node{node}.crt")),
        "tlsPrivateKeyFile": state.pki(&format!("node{node}.key")),
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": state.pki("ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "podLogsDir": folder.join("logs"),
        "address": spec.slot.node_ip(node),
        "healthzBindAddress": "127.0.0.1",
        // Disks of build machines are often nearly full. At 85 % a kubelet would delete every image that no pod uses
        // just now, pause and probe among them, and there is no registry to get them back from: 100 turns that off.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "memory.available": "100Mi",
        },
        "clusterDNS": [spec.slot.dns_ip()],
        "clusterDomain": "cluster.local",
        "resolvConf": folder.join("resolv.conf"),
    })
}

//! `cargo xtask cluster`: a real Kubernetes on this machine, without Docker.
//!
//! The control plane runs as processes of the host. A node is a network namespace and a mount
//! namespace with a containerd and a kubelet of its own; all nodes hang on one bridge. Everything a
//! cluster consists of follows from its [`Slot`](slot::Slot) and its folder, so that `down` finds
//! all of it even after a start that was killed.

mod args;
mod build;
mod cgroup;
mod cilium;
mod control_plane;
mod dns;
mod firewall;
mod identity;
mod kubeconfig;
mod lease;
mod logs;
mod network;
mod node;
mod options;
mod pki;
mod process;
pub(crate) mod self_test;
mod slot;
mod start;
mod state;
mod status;
mod teardown;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

pub(crate) use args::{ClusterVerb, run};
pub(crate) use lease::Lease;
pub(crate) use logs::keep as keep_logs;
pub(crate) use options::{Cni, Options};

use crate::host::Tool;
use build::Programs;
use process::Launcher;
use state::{Spec, State};

/// A cluster that is being started or used.
#[derive(Debug)]
struct Cluster {
    spec: Spec,
    state: State,
    programs: Programs,
}

impl Cluster {
    fn launcher(&self) -> Launcher<'_> {
        Launcher { state: &self.state, slot: self.spec.slot }
    }

    /// kubectl as the administrator.
    fn kubectl(&self) -> Command {
        let mut command = self.launcher().command(self.programs.kubernetes.join("kubectl"));
        command.arg("--kubeconfig").arg(self.state.kubeconfig("admin"));
        command
    }
}

/// A cluster that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    /// The administrator's, everything embedded.
    pub(crate) kubeconfig: PathBuf,
    /// The context in it.
    pub(crate) context: String,
    /// Has kubectl of the cluster's version.
    pub(crate) bin: PathBuf,
}

impl Running {
    fn of(name: &str, programs: &Programs) -> Self {
        Self {
            kubeconfig: State::of(name).kubeconfig("admin"),
            context: kubeconfig::context(name),
            bin: programs.kubernetes.clone(),
        }
    }

    /// A file of its certificates and keys, such as `ca.crt`.
    pub(crate) fn pki(&self, file: &str) -> PathBuf {
        self.kubeconfig.with_file_name("pki").join(file)
    }

    /// Where etcd answers, on this machine only and without TLS.
    ///
    /// # Errors
    ///
    /// When the cluster is not there.
    pub(crate) fn etcd(&self) -> Result<String> {
        Ok(format!("http://127.0.0.1:{}", self.spec()?.slot.etcd_port()))
    }

    fn spec(&self) -> Result<Spec> {
        let spec = fs::read(self.kubeconfig.with_file_name("cluster.json"))?;
        Ok(serde_json::from_slice(&spec)?)
    }

    /// The socket of each node's containerd.
    ///
    /// # Errors
    ///
    /// When the cluster is not there.
    pub(crate) fn containerds(&self) -> Result<Vec<PathBuf>> {
        let spec = self.spec()?;
        let state = State::of(&spec.name);
        Ok(spec.node_indices().map(|node| node::socket(&state, node)).collect())
    }

    /// The folder of the components' logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.kubeconfig.with_file_name("log")
    }

    /// The cluster called `name`, which `up` started earlier.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn find(name: &str) -> Result<Self> {
        let state = State::of(name);
        let spec = state.spec().filter(|_| state.is_complete());
        let bin = spec.and_then(|spec| spec.binaries.into_iter().next());
        let bin = bin.with_context(|| {
            format!("no cluster {name}: `cargo xtask cluster up --name {name}` starts one")
        })?;
        Ok(Self { kubeconfig: state.kubeconfig("admin"), context: kubeconfig::context(name), bin })
    }
}

/// Makes sure, before anything is built, that this machine has all that such a cluster needs, and the tools `beside` it;
/// installs what it can.
///
/// # Errors
///
/// When we are not root, or something is missing: the error names all of it.
pub(crate) fn require(options: &Options, beside: &[&[Tool]]) -> Result<()> {
    start::require(options, beside)
}

/// Builds programs and images, as far as the cache does not have them.
///
/// # Errors
///
/// When a tool is missing and cannot be installed, or a build fails.
pub(crate) fn build(options: &Options) -> Result<()> {
    start::prepare(options).map(drop)
}

/// Starts a cluster of this shape. One that is running and healthy stays as it is; anything else
/// found under its name is removed first.
///
/// # Errors
///
/// When we are not root, and when a part of it cannot be built or does not start: the error names the
/// part and has the end of its log.
pub(crate) fn up(options: &Options) -> Result<Running> {
    start::up(options)
}

/// Removes the cluster called `name` and everything of it. Not to have it is no error.
///
/// # Errors
///
/// When we are not root, or something cannot be removed.
pub(crate) fn down(name: &str) -> Result<()> {
    crate::host::require_root("down")?;
    let _lock = State::lock(name)?;
    teardown::remove(&State::of(name))
}

//! The verbs of `cargo xtask cluster`.

use std::io::{Write as _, stdout};

use anyhow::Result;
use clap::{Args, Subcommand};

use super::options::{Cni, DEFAULT_NAME, Options, parse_name, parse_nodes};
use super::slot::NodeIndex;
use super::{Running, build, down, self_test, status, up};

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterVerb {
    /// Build programs and images into the cache; `up` does it too.
    Build(Shape),
    /// Start a cluster. Prints its kubeconfig.
    Up(Shape),
    /// Remove a cluster and everything of it.
    Down(Name),
    /// Print what to evaluate in a shell: `eval $(cargo xtask cluster env)`.
    Env(Name),
    /// List the clusters of this machine.
    Status,
    /// Test the clusters themselves: side by side, killed while starting, removed without a trace.
    SelfTest {
        /// Also what takes minutes and shows more of the same: kills and interruptions at further moments, builds anew
        /// and elsewhere, demos that fail or have no route.
        #[arg(long)]
        all: bool,
        /// Without Cilium, which takes minutes to build for the first time.
        #[arg(long)]
        without_cilium: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Name {
    /// Name of the cluster.
    #[arg(long, default_value = DEFAULT_NAME, value_parser = parse_name)]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Shape {
    #[command(flatten)]
    name: Name,
    /// How many nodes, 1 to 5.
    #[arg(long, default_value = "2", value_parser = parse_nodes)]
    nodes: NodeIndex,
    /// etcd, API server and controllers only: for tests that need no kubelet.
    #[arg(long, conflicts_with_all = ["nodes", "cni"])]
    control_plane_only: bool,
    /// How pods are connected.
    #[arg(long, value_enum, default_value_t)]
    cni: Cni,
    /// The controller manager's --controllers.
    #[arg(long, value_name = "LIST")]
    controllers: Option<String>,
}

impl Shape {
    fn options(self) -> Options {
        Options {
            name: self.name.name,
            nodes: if self.control_plane_only { 0 } else { self.nodes },
            cni: self.cni,
            controllers: self.controllers,
        }
    }
}

/// Runs a verb.
pub(crate) fn run(verb: ClusterVerb) -> Result<()> {
    let text = match verb {
        ClusterVerb::Build(shape) => build(&shape.options()).map(|()| String::new())?,
        ClusterVerb::Up(shape) => format!("{}\n", up(&shape.options())?.kubeconfig.display()),
        ClusterVerb::Down(Name { name }) => down(&name).map(|()| String::new())?,
        ClusterVerb::Env(Name { name }) => export(&Running::find(&name)?),
        ClusterVerb::Status => status::describe(),
        ClusterVerb::SelfTest { all, without_cilium } => {
            let extent = self_test::Extent { all, cilium: !without_cilium };
            self_test::run(extent).map(|()| String::new())?
        }
    };
    stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn export(running: &Running) -> String {
    let (kubeconfig, bin) = (running.kubeconfig.display(), running.bin.display());
    format!("export KUBECONFIG={kubeconfig} PATH={bin}:$PATH\n")
}

//! The kinds of cluster that integration tests ask for.

use crate::cluster::{self, Cni};

/// A kind of cluster; its name is a module in `tests/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ControlPlane,
    Nodes,
    DualStack,
    Cilium,
}

impl Kind {
    pub(super) const ALL: [Self; 4] =
        [Self::ControlPlane, Self::Nodes, Self::DualStack, Self::Cilium];

    pub(super) const fn module(self) -> &'static str {
        match self {
            Self::ControlPlane => "control_plane::",
            Self::Nodes => "nodes::",
            Self::DualStack => "dual_stack::",
            Self::Cilium => "cilium::",
        }
    }

    /// The environment variable that names its kubeconfig to the tests.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::ControlPlane => "KUBECTL_PODS_TEST_CONTROL_PLANE",
            Self::Nodes => "KUBECTL_PODS_TEST_NODES",
            Self::DualStack => "KUBECTL_PODS_TEST_DUAL_STACK",
            Self::Cilium => "KUBECTL_PODS_TEST_CILIUM",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::ControlPlane => "integration: control plane only",
            Self::Nodes => "integration: two nodes",
            Self::DualStack => "integration: two nodes with both IP families",
            Self::Cilium => "integration: two nodes with Cilium",
        }
    }

    pub(super) fn options(self) -> cluster::Options {
        let (name, nodes, cni) = match self {
            Self::ControlPlane => ("test-control-plane", 0, Cni::Bridge),
            Self::Nodes => ("test-nodes", 2, Cni::Bridge),
            Self::DualStack => ("test-dual-stack", 2, Cni::DualStack),
            Self::Cilium => ("test-cilium", 2, Cni::Cilium),
        };
        cluster::Options { name: name.to_owned(), nodes, cni, ..cluster::Options::default() }
    }
}

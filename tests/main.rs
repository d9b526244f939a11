//! Integration tests: one binary, a folder per kind of cluster, a file per verb.
//!
//! - `offline`: no cluster.
//! - `control_plane`: an API server without a kubelet; pods get their status by PATCH.
//! - `nodes`: two real nodes, kubelet, containerd, a bridge CNI that enforces no policy.
//! - `dual_stack`: two such nodes, with IPv6 beside IPv4.
//! - `cilium`: two real nodes whose CNI enforces NetworkPolicy.
//!
//! `cargo xtask test` builds the plugin, makes the clusters and runs all of it; a test that lacks one of these fails.
//! Which file a new test belongs to: the verb it types, under the least powerful cluster that can show the behaviour.

mod cilium;
mod control_plane;
mod dual_stack;
mod nodes;
mod offline;

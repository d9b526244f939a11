//! What every test stands on: the plugin in a clean environment, and a cluster to ask.
//!
//! ```ignore
//! Plugin::args(["-f", "pods.json"]).run().success().prints("NAME   READY …");
//!
//! let cluster = Cluster::nodes();                 // panics with what to do when there is none
//! let ns = cluster.namespace("curl");             // made now, deleted on drop
//! ns.apply(YAML);
//! ns.pods(["curl", "nginx-ser"]).run().success(); // or .exits(7).complains("refused")
//! ns.parity(&["-o", "wide"]);                     // the same bytes as kubectl get pods
//! ```

#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "what does not hold in a test panics, and what was made is often all that was wanted"
)]

mod cluster;
mod command;
mod node_rule;
mod registry;
mod rights;
mod scripted_api;
mod servers;
mod side_by_side;

use std::{env, path::PathBuf};

pub use cluster::{Cluster, Namespace, same_within_seconds};
pub use command::{Command, Run, closed_pipe, wait_until};
pub use node_rule::NodeRule;
pub use registry::Registry;
pub use scripted_api::{Answer, ScriptedApi};
pub use servers::{SharedServers, start_article_servers, unused_beside};
pub use side_by_side::side_by_side;

/// The plugin with nothing but a fresh HOME: no kubeconfig, no proxy, no colour, no locale.
pub struct Plugin;

impl Plugin {
    /// A command line that starts with the plugin itself.
    pub fn command() -> Command {
        Command::new(Self::path())
    }

    /// Where the plugin is.
    pub fn path() -> PathBuf {
        let Some(path) = env::var_os("KUBECTL_PODS_TEST_PLUGIN") else {
            panic!(
                "this test runs the plugin and KUBECTL_PODS_TEST_PLUGIN does not say where it is: run `cargo xtask test`"
            );
        };
        path.into()
    }

    /// A command line with the given words.
    pub fn args<I: IntoIterator<Item: Into<String>>>(args: I) -> Command {
        Self::command().args(args)
    }
}

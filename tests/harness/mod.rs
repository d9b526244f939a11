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

#![allow(dead_code, unused_imports, reason = "a filter may leave out every test that uses a part")]

mod cluster;
mod command;
mod scripted_api;
mod servers;

pub(crate) use cluster::{Cluster, Namespace, same_within_seconds};
pub(crate) use command::{Command, Run, wait_until};
pub(crate) use scripted_api::{Answer, ScriptedApi};
pub(crate) use servers::start_article_servers;

/// The plugin with nothing but a fresh HOME: no kubeconfig, no proxy, no colour, no locale.
pub(crate) struct Plugin;

impl Plugin {
    /// A command line that starts with the plugin itself.
    pub(crate) fn command() -> Command {
        Command::new(env!("CARGO_BIN_EXE_kubectl-pods"))
    }

    /// A command line with the given words.
    pub(crate) fn args<I: IntoIterator<Item: Into<String>>>(args: I) -> Command {
        Self::command().args(args)
    }
}

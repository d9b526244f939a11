//! Everything said to the API server. With `kubeconfig`, the only module that names the kube crates.

pub mod config_maps;
mod connect;
pub mod daemon_sets;
mod errors;
pub mod events;
pub mod jobs;
mod list;
pub mod logs;
pub mod pod_proxy;
pub mod pods;
pub mod services;
mod transport;
mod transport_errors;
mod warnings;
pub mod workloads;

pub use connect::Cluster;
pub use list::{Answer, GetError, PodsRequest, Representation};

/// Server-side apply as this program. Forced: what we made is ours, whoever touched it since.
fn apply_params() -> kube::api::PatchParams {
    kube::api::PatchParams::apply("kubectl-pods").force()
}

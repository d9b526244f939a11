//! Everything said to the API server. With `kubeconfig`, the only module that names the kube crates.

mod connect;
mod errors;
pub mod events;
pub mod jobs;
mod list;
pub mod logs;
pub mod objects;
pub mod pod_proxy;
pub mod pods;
pub mod services;
mod transport;
mod transport_errors;
mod warnings;
pub mod workloads;

pub use connect::Cluster;
pub use list::{Answer, GetError, PodsRequest, Representation};

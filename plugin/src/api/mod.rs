//! Everything said to the API server. With `kubeconfig`, the only module that names the kube crates.

mod connect;
mod errors;
mod transport_errors;
mod warnings;

pub use connect::Cluster;

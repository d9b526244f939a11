//! Everything said to the API server. With `kubeconfig`, the only module that names the kube crates.

mod connect;

pub use connect::Cluster;

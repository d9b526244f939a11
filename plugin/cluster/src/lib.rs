//! The way to one cluster: which one, as whom (`kubeconfig`, by client-go's rules), and everything said to its API server.
//! The only crate that names kube; the objects of k8s-openapi are plain data and go through it.

mod authentication;
mod connect;
mod errors;
pub mod events;
pub mod go;
mod kubeconfig;
mod list;
pub mod logs;
pub mod look;
pub mod namespaces;
pub mod nodes;
pub mod objects;
mod options;
mod path_segment;
pub mod pod_proxy;
pub mod pods;
mod retry;
pub mod services;
mod silence;
mod transport;
mod transport_errors;
mod verbatim;
mod warnings;
pub mod workloads;

pub use connect::Cluster;
pub use kubeconfig::SelectedContext;
pub use list::{GetError, PodsAnswer, PodsRequest, Representation};
pub use options::ConnectionOptions;
pub use verbatim::{Found, Verbatim};
pub use warnings::Warn;

//! Tests that need no cluster.

mod check;
mod guest;
mod kubeconfig;
mod listing;

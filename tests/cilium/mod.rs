//! Tests against two nodes whose CNI enforces NetworkPolicy.

mod kubelet;
mod outage;
mod policy;

//! Tests against two real nodes.

mod article;
mod check;
mod curl;
mod guest;
mod interrupt;
mod large;
mod listing;
mod monitor;
mod obstacle;
mod policy;
mod sources;
mod workloads;

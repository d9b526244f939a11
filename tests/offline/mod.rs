//! Tests that need no cluster.

mod busy;
mod causes;
mod check;
mod columns;
mod compression;
mod connection;
mod curl;
mod everywhere;
mod guest;
mod handoff;
mod image;
mod interrupt;
mod kubeconfig;
mod listing;
mod memory;
mod monitor;
mod no_cluster;
mod order;
mod silence;
mod stderr;
mod streaming;
mod telling;
mod terminal;
mod way_back;

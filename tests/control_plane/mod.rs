//! Tests against an API server without nodes: byte parity with kubectl, errors, rights.

mod check;
mod compression;
mod connection;
mod credentials;
mod errors;
mod handoff;
mod listing;
mod pods;

//! Tests against an API server without nodes: byte parity with kubectl, errors, rights.

mod check;
mod connection;
mod credentials;
mod errors;
mod handoff;
mod listing;
mod pods;

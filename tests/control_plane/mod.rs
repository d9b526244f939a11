//! Tests against an API server without nodes: byte parity with kubectl, errors, rights.

mod errors;
mod listing;

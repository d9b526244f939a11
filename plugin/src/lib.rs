//! The library behind `kubectl pods`; the binary only parses, runs and exits.
//!
//! I/O stands at the two ends; between them are plain functions on plain data.
//! `docs/architecture.md` has the map and the invariants.

pub mod api;
pub mod checking;
pub mod cli;
pub mod columns;
pub mod dispatch;
pub mod exit;
pub mod go;
pub mod guest;
pub mod handoff;
pub mod kubeconfig;
pub mod listing;
pub mod monitor;
pub mod output;
mod signals;

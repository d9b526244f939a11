//! The library behind `kubectl pods`; the binary only parses, runs and exits.
//!
//! One folder a verb, and the rooms that verbs share. I/O stands at the two ends; between them are plain functions on
//! plain data. `docs/architecture.md` has the map and the invariants.

mod carried;
mod causes;
pub mod checking;
pub mod cli;
pub mod dispatch;
pub mod exit;
pub mod handoff;
pub mod image;
mod launch;
pub mod listing;
pub mod monitor;
pub mod output;
mod pods;
mod signals;
mod targets;

//! Runs formats written by anyone as sandboxed WebAssembly components. `docs/guests.md` is the contract for authors.
//!
//! ```text
//! -o guest:NAME,KEY=VALUE ── choice ── locate ── recognize ── (cache) ── imports ── about ── Guest
//! Guest ── open ── plan: needs, columns ── push rows … ── finish ── Output
//! ```
//!
//! A guest has no clock, file, socket, environment or randomness, and what WASI calls so stands still and is empty (the module
//! `wasi`): its output is a function of its digest, its options, its rows and the time of the run. It cannot outlive its limits, and nothing it does ends the host: a [`GuestFailure`] is data.

mod about;
mod bindings;
mod builtin;
mod cache;
mod choice;
mod console;
mod convert;
mod describe;
mod engine;
mod exports;
mod failure;
mod imports;
mod limits;
mod load;
mod locate;
mod plan;
mod private;
mod random;
mod recognize;
mod runner;
mod session;
mod shape;
mod state;
mod wasi;

pub use about::{About, Misuse, OptionSpec};
pub use builtin::names as built_in;
pub use choice::{BadChoice, Choice};
pub use failure::{GuestFailure, Stage, Why};
pub use imports::{GuestKind, Refused};
pub use limits::Limits;
pub use load::{Guest, LoadError};
pub use locate::{CachePlaces, NotFound, Places};
pub use recognize::NoGuest;
pub use session::{Context, Made, Session};
pub use shape::{GuestColumn, GuestLine, Output, Plan, Planned};

#[cfg(test)]
mod tests;

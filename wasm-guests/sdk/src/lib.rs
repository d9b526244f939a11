//! SDK for guests: formats for `kubectl pods`, written in Rust and run as sandboxed WebAssembly components.
//!
//! A guest says what it needs to know of each pod ([`row!`](crate::row!)), which columns it fills, and turns rows into
//! lines of styled cells. It never sees a pointer, and its logic compiles natively, so that it is tested by an
//! ordinary `cargo test` (see [`testing`]). `docs/guests.md` is the tutorial.
//!
//! ```
//! use kpods_guest::{About, Cell, Column, Context, Failure, Line, Table};
//!
//! kpods_guest::row! {
//!     /// What this format asks of each pod.
//!     pub struct Pod {
//!         name: String = "pod.name",
//!         image: Option<Vec<String>> = "spec.containers[*].image",
//!     }
//! }
//!
//! struct Images;
//!
//! impl Table for Images {
//!     type Row = Pod;
//!     const ABOUT: About = About::new("images", "0.1.0", "The images of each pod");
//!
//!     fn open(_: &Context) -> Result<Self, Failure> {
//!         Ok(Self)
//!     }
//!     fn columns(&self) -> Vec<Column> {
//!         vec![Column::new("name", "NAME"), Column::new("images", "IMAGES")]
//!     }
//!     fn push(&mut self, rows: Vec<Pod>) -> Result<Vec<Line>, Failure> {
//!         let line = |pod: Pod| Line::new([pod.name.into(), Cell::from(pod.image.unwrap_or_default().join(","))]);
//!         Ok(rows.into_iter().map(line).collect())
//!     }
//! }
//!
//! kpods_guest::export_table!(Images);
//! # fn main() {}
//! ```

mod about;
#[doc(hidden)]
#[expect(unsafe_code, reason = "generated: the canonical ABI is made of raw pointers")]
#[expect(clippy::pedantic, clippy::allow_attributes_without_reason, reason = "generated")]
#[expect(unreachable_pub, reason = "generated")]
pub mod bindings;
mod document;
pub mod duration;
pub mod host;
mod line;
mod quantity;
mod row;
mod table;
pub mod testing;

pub use about::{About, OptionSpec};
pub use bindings::table::kpods::guest::types::{Cell, Context, Failure, Line, Span, Value};
pub use document::{Document, Media, Opened as OpenedDocument};
pub use line::{Column, Role};
pub use quantity::Quantity;
pub use row::{FromRow, FromValue, Values};
pub use table::{Opened as OpenedTable, Table};

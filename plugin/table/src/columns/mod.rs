//! The one vocabulary of columns: `pod.name`, `pod.status`, `metadata.labels[app]`, `probe.verdict`.
//! Lists, filters, guests and reports all speak it. `docs/columns.md` has them all.
//!
//! - [`Tabular`]: what has columns. [`PodRow`] is one; those of reports stand with what shows them.
//! - [`draw()`]: rows as a table of ours.
//! - [`Filter`], [`SortKey`]: which rows are kept, and in which order they come.

mod cell;
mod column;
mod draw;
mod filter;
mod need;
mod path;
mod pod_row;
mod sort;
mod tabular;
mod value;

pub use column::PodColumn;
pub use draw::draw;
pub use filter::Filter;
pub use need::Need;
pub use pod_row::{PodReader, PodRow};
pub use sort::{SortKey, order};
pub use tabular::{Named, Tabular, UnknownColumn};
pub use value::Value;

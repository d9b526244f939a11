//! The one vocabulary of columns: `pod.name`, `pod.status`, `metadata.labels[app]`, `probe.verdict`.
//! Lists, filters, guests and reports all speak it. `docs/guests.md` has the table.

mod cell;
mod column;
mod extract;
mod path;
mod value;

pub use column::{Column, Cost, UnknownColumn, highest_cost};
pub use extract::Extractor;
pub use value::Value;

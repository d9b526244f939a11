//! The one vocabulary of columns: `pod.name`, `pod.status`, `metadata.labels[app]`, `probe.verdict`.
//! Lists, filters, guests and reports all speak it. `docs/guests.md` has the table.

mod cell;
mod column;
mod extract;
mod need;
mod path;
mod value;

pub use column::{Column, UnknownColumn};
pub use extract::Extractor;
pub use need::Need;
pub use value::Value;

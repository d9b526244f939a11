//! Formats of our own: kubectl's table, names, JSON and YAML.

mod name;
mod objects;
mod table;

pub(crate) use name::NamePrinter;
pub(crate) use objects::{ObjectFormat, ObjectPrinter};
pub(crate) use table::{PodTable, TableOptions};

//! What takes rows while they arrive.

use anyhow::Result;

use table::row::{ColumnDefinition, Row};

/// How a row came to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is part of a list.
    Listed,
    /// The pod is new.
    Added,
    /// The pod is not as it was.
    Modified,
    /// The pod is gone; this is how it was last.
    Deleted,
}

/// Takes rows as they arrive. Column definitions come before the first row, and again before the
/// first row of each further answer.
pub trait Sink {
    /// The columns of the rows that follow.
    ///
    /// # Errors
    ///
    /// Ends the list.
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()>;

    /// One row.
    ///
    /// # Errors
    ///
    /// Ends the list.
    fn row(&mut self, change: Change, row: Row<'_>) -> Result<()>;

    /// The list has ended, whole or not. Its `resourceVersion`, where it has one, is the state of the cluster that it
    /// shows: changes after it are what a watch from there tells.
    ///
    /// # Errors
    ///
    /// Ends the list as a failure.
    fn end(&mut self, version: Option<&str>) -> Result<()>;
}

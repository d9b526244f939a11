//! What takes rows while they arrive.

use anyhow::Result;

use table::{
    object::Node,
    row::{ColumnDefinition, Row},
};

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

/// The state of the cluster that a list shows: changes after it are what a watch from there tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListVersion {
    /// The namespace that was listed; all of them when absent.
    pub namespace: Option<String>,
    /// The list's `resourceVersion`.
    pub version: String,
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

    /// The rows have ended, whole or not. `versions` has one entry for each list that came whole: a list of pods by their
    /// names has none.
    ///
    /// # Errors
    ///
    /// Ends the list as a failure.
    fn end(&mut self, versions: &[ListVersion]) -> Result<()>;
}

/// Takes whole pods as they arrive.
pub(super) trait ObjectSink {
    /// One pod.
    ///
    /// # Errors
    ///
    /// Ends the list.
    fn object(&mut self, change: Change, object: Node<'_>) -> Result<()>;

    /// The pods have ended, as [`Sink::end`].
    ///
    /// # Errors
    ///
    /// Ends the list as a failure.
    fn end(&mut self, versions: &[ListVersion]) -> Result<()>;
}

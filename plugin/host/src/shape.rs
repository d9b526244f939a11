//! What guests plan and give back, as plain data that is safe to print.

use table::{columns::PodColumn, grid};

/// What a guest wants to know, and what it will give.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The columns of every row it is given.
    pub needs: Vec<PodColumn>,
    /// Rows per call.
    pub batch: usize,
    /// What comes out.
    pub output: Planned,
}

/// What comes out of a guest.
#[derive(Debug, Clone, PartialEq)]
pub enum Planned {
    /// Lines of cells under these columns.
    Table(Vec<grid::Column>),
    /// Bytes of this media type.
    Document(String),
}

/// Everything a guest made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Lines of a table.
    Table {
        /// Its columns.
        columns: Vec<grid::Column>,
        /// Its lines.
        lines: Vec<grid::Line>,
    },
    /// Bytes, as they are.
    Document {
        /// Media type (RFC 6838).
        media_type: String,
        /// The document.
        bytes: Vec<u8>,
    },
}

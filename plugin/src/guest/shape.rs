//! What guests plan and give back, as plain data that is safe to print.

use crate::columns::{self, Column, Cost};

/// What a guest wants to know, and what it will give.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The columns of every row it is given.
    pub needs: Vec<Column>,
    /// Rows per call.
    pub batch: usize,
    /// What comes out.
    pub output: Planned,
}

impl Plan {
    /// What it costs to know everything that the guest needs.
    #[must_use]
    pub fn cost(&self, namespace_is_known: bool) -> Cost {
        columns::highest_cost(&self.needs, namespace_is_known)
    }
}

/// What comes out of a guest.
#[derive(Debug, Clone, PartialEq)]
pub enum Planned {
    /// Lines of cells under these columns.
    Table(Vec<TableColumn>),
    /// Bytes of this media type.
    Document(String),
}

/// One column of a guest's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// Heading.
    pub title: String,
    /// To which side its cells are moved.
    pub align: Align,
    /// 0: always shown; of the others, the highest goes first when the terminal is too narrow.
    pub priority: u8,
    /// Least width in terminal columns.
    pub min: usize,
    /// Greatest width in terminal columns; longer text is cut.
    pub max: Option<usize>,
}

/// To which side cells are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// As text.
    Start,
    /// As numbers.
    End,
}

/// One line of a guest's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As many cells as there are columns.
    pub cells: Vec<Cell>,
    /// Heading of the group it belongs to.
    pub group: Option<String>,
}

/// One cell: pieces of text, each with a meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// The pieces, in order, without control characters.
    pub spans: Vec<Span>,
}

/// A piece of text and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text, without control characters.
    pub text: String,
    /// Number of its role in the contract's table; unknown ones are plain.
    pub role: u16,
}

/// Everything a guest made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Lines of a table.
    Table {
        /// Its columns.
        columns: Vec<TableColumn>,
        /// Its lines.
        lines: Vec<Line>,
    },
    /// Bytes, as they are.
    Document {
        /// Media type (RFC 6838).
        media_type: String,
        /// The document.
        bytes: Vec<u8>,
    },
}

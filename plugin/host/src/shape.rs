//! What guests plan and give back, as plain data that is safe to print.

use table::{
    columns::{PodColumn, Value},
    grid,
};

/// What a guest wants to know, and what it will give.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The columns of every row it is given.
    pub needs: Vec<PodColumn>,
    /// Rows per call.
    pub batch: usize,
    /// Whether lines come only at the end, because it sorts or groups.
    pub whole_set: bool,
    /// What comes out.
    pub output: Planned,
}

/// What comes out of a guest.
#[derive(Debug, Clone, PartialEq)]
pub enum Planned {
    /// Lines of cells under these columns.
    Table(Vec<GuestColumn>),
    /// Bytes of this media type.
    Document(String),
}

/// A column of a guest's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestColumn {
    /// By which it is named: in `--sort`, `--filter` and `--columns`.
    pub id: String,
    /// One line that says what it shows, or nothing.
    pub summary: String,
    /// What its numbers count.
    pub unit: Option<String>,
    /// Whether it is shown only when asked for.
    pub hidden: bool,
    /// The only values that it has, if it says so.
    pub choices: Vec<String>,
    /// How it is drawn.
    pub drawn: grid::Column,
}

/// A line of a guest's table.
#[derive(Debug, Clone, PartialEq)]
pub struct GuestLine {
    /// How it is drawn: as many cells as the plan has columns.
    pub drawn: grid::Line,
    /// By what its cells are sorted and filtered, where the guest says so; no entry: by their texts.
    pub values: Vec<Option<Value>>,
}

impl AsRef<grid::Column> for GuestColumn {
    fn as_ref(&self) -> &grid::Column {
        &self.drawn
    }
}

impl AsRef<grid::Line> for GuestLine {
    fn as_ref(&self) -> &grid::Line {
        &self.drawn
    }
}

impl GuestLine {
    /// What the cell in column `index` is sorted and filtered by: what the guest says, else its text, as a number where it
    /// is one.
    #[must_use]
    pub fn value(&self, index: usize) -> Value {
        if let Some(Some(value)) = self.values.get(index) {
            return value.clone();
        }
        let spans = self.drawn.cells.get(index).map(|cell| cell.spans.as_slice());
        let text: String =
            spans.unwrap_or_default().iter().map(|span| span.text.as_str()).collect();
        let text = text.trim();
        match (text.parse(), text.parse::<f64>()) {
            _ if text.is_empty() => Value::Missing,
            (Ok(whole), _) => Value::Whole(whole),
            (_, Ok(number)) if number.is_finite() => Value::Number(number),
            _ => Value::Text(text.to_owned()),
        }
    }
}

/// Everything a guest made.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Lines of a table.
    Table {
        /// Its columns.
        columns: Vec<GuestColumn>,
        /// Its lines.
        lines: Vec<GuestLine>,
    },
    /// Bytes, as they are.
    Document {
        /// Media type (RFC 6838).
        media_type: String,
        /// The document.
        bytes: Vec<u8>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_without_a_value_are_what_their_text_is() {
        let cell = |text: &str| grid::Cell::new(text, grid::Role::Plain);
        let texts = ["12", "0.5", "Running", " ", "inf"];
        let drawn = grid::Line { cells: texts.map(cell).into(), group: None };
        let line = GuestLine { drawn: drawn.clone(), values: Vec::new() };
        let values = (0..5).map(|index| line.value(index)).collect::<Vec<_>>();
        let text = |text: &str| Value::Text(text.to_owned());
        let expected =
            [Value::Whole(12), Value::Number(0.5), text("Running"), Value::Missing, text("inf")];
        assert_eq!(values, expected);
        let line = GuestLine { drawn, values: vec![Some(Value::Millis(7))] };
        assert_eq!(line.value(0), Value::Millis(7));
    }
}

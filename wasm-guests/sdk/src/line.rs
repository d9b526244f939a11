//! Builders of what a guest gives back: lines of cells of styled text.

use crate::bindings::table::kpods::guest::types;

pub use types::Column;
use types::{Align, Cell, Line, Span};

/// Meaning of a piece of text. The host owns colour, width and escapes; numbers it does not know it shows plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Role {
    /// Nothing special.
    Plain = 0,
    /// As it should be.
    Good = 1,
    /// Worth a look.
    Warn = 2,
    /// Broken.
    Bad = 3,
    /// Less important.
    Muted = 4,
    /// A heading.
    Heading = 5,
    /// A name or key.
    Key = 6,
    /// Something that can be followed.
    Link = 7,
    /// A count or measurement.
    Number = 8,
    /// A length of time.
    Age = 9,
    /// Stressed.
    Emphasis = 10,
    /// Appeared since the last look.
    New = 11,
    /// Disappeared since the last look.
    Gone = 12,
}

impl Column {
    /// A column that is always shown, aligned at its start, as wide as it needs to be.
    #[must_use]
    pub fn new(id: &str, title: &str) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            align: Align::Start,
            priority: 0,
            min: 0,
            max: None,
        }
    }

    /// Aligned at its end, as numbers are.
    #[must_use]
    pub fn at_end(self) -> Self {
        Self { align: Align::End, ..self }
    }
}

impl Cell {
    /// Text of one role.
    pub fn styled(text: impl Into<String>, role: Role) -> Self {
        Self { spans: vec![Span { text: text.into(), role: role as u16 }], link: None, sort: None }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Role::Plain)
    }
}

impl Line {
    /// A line that belongs to no group.
    pub fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect(), group: None }
    }

    /// A line of the group with this heading; the host prints the heading when it changes.
    #[must_use]
    pub fn in_group(self, heading: impl Into<String>) -> Self {
        Self { group: Some(heading.into()), ..self }
    }
}

impl types::Failure {
    /// A failure with a stable code for programs and a message for people.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: None, row: None }
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl types::Context {
    /// Value of an option given by the user: `-o guest:NAME,KEY=VALUE`.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

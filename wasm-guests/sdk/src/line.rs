//! Builders of what a guest gives back: lines of cells of styled text.

use crate::bindings::table::kpods::guest::types;

pub use types::Column;
use types::{Align, Cell, Line, Span, Value};

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
            summary: String::new(),
            unit: None,
            align: Align::Start,
            priority: 0,
            hidden: false,
            min: 0,
            max: None,
            choices: Vec::new(),
        }
    }

    /// One line that says what it shows.
    #[must_use]
    pub fn summary(self, summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..self }
    }

    /// What its numbers count, such as `B` or `s`.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    /// Left out where the terminal is too narrow: the greatest number first.
    #[must_use]
    pub fn priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    /// Shown only when the user asks for it.
    #[must_use]
    pub fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// At least so many terminal columns wide.
    #[must_use]
    pub fn min(self, min: u16) -> Self {
        Self { min, ..self }
    }

    /// At most so many terminal columns wide: longer text is cut.
    #[must_use]
    pub fn max(self, max: u16) -> Self {
        Self { max: Some(max), ..self }
    }

    /// The only values that it has.
    #[must_use]
    pub fn choices<T: Into<String>>(self, choices: impl IntoIterator<Item = T>) -> Self {
        Self { choices: choices.into_iter().map(Into::into).collect(), ..self }
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

    /// What it is sorted and filtered by, where its text says it less well: an age as [`Value::Millis`].
    #[must_use]
    pub fn sorted_by(self, value: Value) -> Self {
        Self { sort: Some(value), ..self }
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

    /// Says which row of the batch it is about, counted from 0.
    #[must_use]
    pub fn at_row(self, row: usize) -> Self {
        Self { row: u64::try_from(row).ok(), ..self }
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

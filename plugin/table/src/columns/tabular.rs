//! What everything that can be shown in a table has in common: columns with a path, which have values.

use std::fmt;

use crate::grid::Role;

use super::Value;

/// Something that the columns of one vocabulary tell of: a pod's row, a target's report, a standing check.
pub trait Tabular {
    /// A column of its vocabulary.
    type Column: Clone + PartialEq + fmt::Debug;

    /// Finds the column of a path.
    ///
    /// # Errors
    ///
    /// [`UnknownColumn`], with the nearest one.
    fn column(path: &str) -> Result<Self::Column, UnknownColumn>;

    /// What the column says of it.
    fn value(&self, column: &Self::Column) -> Value;

    /// A value of the column as people read it.
    #[must_use]
    fn text(_column: &Self::Column, value: &Value) -> String {
        value.to_string()
    }

    /// Whether the value is good or bad news.
    fn role(&self, _column: &Self::Column) -> Role {
        Role::Plain
    }
}

/// One column of a vocabulary that is a closed list.
#[derive(Debug, Clone, Copy)]
pub struct Named<C> {
    /// The column.
    pub column: C,
    /// Its path.
    pub path: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// 0: always shown; of the others, the highest goes first when the terminal is too narrow.
    pub priority: u8,
}

impl<C: Copy> Named<C> {
    /// An entry of a list.
    #[must_use]
    pub const fn new(column: C, path: &'static str, title: &'static str, priority: u8) -> Self {
        Self { column, path, title, priority }
    }

    /// The column of `path` in `list`.
    ///
    /// # Errors
    ///
    /// [`UnknownColumn`], with the nearest one.
    pub fn find(path: &str, list: &[Self]) -> Result<C, UnknownColumn> {
        let found = list.iter().find(|named| named.path == path);
        let paths = || list.iter().map(|named| named.path.to_owned());
        found.map(|named| named.column).ok_or_else(|| UnknownColumn::new(path, paths()))
    }
}

/// A path that names no column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown column {path:?}{}", .nearest.as_ref().map(|nearest| format!(", did you mean {nearest:?}?")).unwrap_or_default())]
pub struct UnknownColumn {
    /// What was asked for.
    pub path: String,
    /// The column whose name is most like it.
    pub nearest: Option<String>,
}

impl UnknownColumn {
    /// For `path`, with the one of `known` that is most like it, unless none is at all alike.
    pub(super) fn new(path: &str, known: impl Iterator<Item = String>) -> Self {
        let likeness = |known: &str| strsim::jaro_winkler(path, known);
        let best = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let nearest = best.filter(|best| likeness(best) > 0.7);
        Self { path: path.to_owned(), nearest }
    }
}

//! Rows as a table: a line for each.

use crate::grid::{self, Cell, Line, Look, Role};

use super::{Named, Tabular};

/// Draws `rows` with these columns.
#[must_use]
pub fn draw<R: Tabular>(rows: &[R], columns: &[Named<R::Column>], look: Look) -> String {
    let title = |named: &Named<R::Column>| grid::Column {
        priority: named.priority,
        ..grid::Column::text(named.title)
    };
    let cell = |row: &R, column: &R::Column| {
        let value = row.value(column);
        let role = if value.is_missing() { Role::Plain } else { row.role(column) };
        Cell::new(&R::text(column, &value), role)
    };
    let line = |row: &R| Line {
        cells: columns.iter().map(|named| cell(row, &named.column)).collect(),
        group: None,
    };
    let titles: Vec<_> = columns.iter().map(title).collect();
    grid::draw(&titles, &rows.iter().map(line).collect::<Vec<_>>(), look)
}

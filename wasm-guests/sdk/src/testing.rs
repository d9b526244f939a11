//! Runs a guest natively, for the author's own tests.

use crate::{Context, Failure, Line, Table, Value};

/// A context without options: 80 columns wide, no colour, at the epoch.
#[must_use]
pub fn context() -> Context {
    Context {
        host_version: env!("CARGO_PKG_VERSION").into(),
        features: Vec::new(),
        command: "get".into(),
        options: Vec::new(),
        width: Some(80),
        rich: false,
        locale: "C".into(),
        now_millis: 0,
        total_hint: None,
    }
}

/// Gives rows to a table in batches of `batch`, and collects its lines.
///
/// # Errors
///
/// Whatever the table itself refuses.
pub fn lines<T: Table>(
    context: &Context,
    rows: Vec<Vec<Value>>,
    batch: usize,
) -> Result<Vec<Line>, Failure> {
    let mut table = T::open(context)?;
    let mut rows = crate::row::read(rows)?.into_iter();
    let mut lines = Vec::new();
    loop {
        let next: Vec<_> = rows.by_ref().take(batch.max(1)).collect();
        if next.is_empty() {
            break;
        }
        lines.extend(table.push(next)?);
    }
    lines.extend(table.finish()?);
    Ok(lines)
}

/// A line's plain text, cells separated by one tab.
#[must_use]
pub fn text(line: &Line) -> String {
    let cell =
        |cell: &crate::Cell| cell.spans.iter().map(|span| span.text.as_str()).collect::<String>();
    line.cells.iter().map(cell).collect::<Vec<_>>().join("\t")
}

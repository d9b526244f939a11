//! Between the contract's generated types and plain data. Text from a guest is cleaned here, and here only.

use table::{
    columns::Value,
    grid::{Align, Cell, Column, Line, Span},
    sanitize,
};

use super::{
    bindings::types,
    limits::Limits,
    shape::{GuestColumn, GuestLine},
};

/// A value on its way to the guest, with control characters as they came: what comes back is cleaned.
pub(super) fn value(value: Value) -> types::Value {
    match value {
        Value::Missing => types::Value::Missing,
        Value::Denied => types::Value::Denied,
        Value::Text(text) => types::Value::Text(text),
        Value::Whole(whole) => types::Value::Whole(whole),
        Value::Number(number) => types::Value::Number(number),
        Value::Truth(truth) => types::Value::Truth(truth),
        Value::Instant(millis) => types::Value::Instant(millis),
        Value::Millis(millis) => types::Value::Millis(millis),
        Value::Bytes(bytes) => types::Value::Bytes(bytes),
        Value::Texts(texts) => types::Value::Texts(texts),
        Value::Pairs(pairs) => types::Value::Pairs(pairs),
        Value::Json(json) => types::Value::Json(json),
    }
}

/// A value that a guest gives for sorting. It is never printed, but what is wrong with it may be.
fn sorting(value: &types::Value) -> Value {
    match value {
        types::Value::Missing => Value::Missing,
        types::Value::Denied => Value::Denied,
        types::Value::Text(text) => Value::Text(clean(text)),
        types::Value::Whole(whole) => Value::Whole(*whole),
        types::Value::Number(number) => Value::Number(*number),
        types::Value::Truth(truth) => Value::Truth(*truth),
        types::Value::Instant(millis) => Value::Instant(*millis),
        types::Value::Millis(millis) => Value::Millis(*millis),
        types::Value::Bytes(bytes) => Value::Bytes(*bytes),
        types::Value::Texts(texts) => Value::Texts(texts.iter().map(|text| clean(text)).collect()),
        types::Value::Pairs(pairs) => {
            Value::Pairs(pairs.iter().map(|(key, value)| (clean(key), clean(value))).collect())
        }
        types::Value::Json(json) => Value::Json(clean(json)),
    }
}

/// Text of a guest, safe to print.
pub(super) fn clean(text: &str) -> String {
    sanitize::line(text).into_owned()
}

/// A column of a guest's table.
pub(super) fn column(column: &types::Column) -> GuestColumn {
    GuestColumn {
        id: clean(&column.id),
        summary: clean(&column.summary),
        unit: column.unit.as_deref().map(clean),
        hidden: column.hidden,
        choices: column.choices.iter().map(|choice| clean(choice)).collect(),
        drawn: drawn(column),
    }
}

fn drawn(column: &types::Column) -> Column {
    Column {
        title: clean(&column.title),
        // Decimal points can be aligned only when every number is known: until then numbers end together.
        align: if matches!(column.align, types::Align::Start) { Align::Start } else { Align::End },
        priority: column.priority,
        min: column.min.into(),
        max: column.max.map(usize::from),
    }
}

/// A line of a guest's table, or what is wrong with it.
pub(super) fn line(
    line: &types::Line,
    columns: usize,
    limits: &Limits,
) -> Result<GuestLine, String> {
    if line.cells.len() != columns {
        return Err(format!(
            "a line has {} cells, its plan has {columns} columns",
            line.cells.len()
        ));
    }
    let spans: usize = line.cells.iter().map(|cell| cell.spans.len()).sum();
    if spans > limits.spans {
        return Err(format!("a line has {spans} spans, the limit is {}", limits.spans));
    }
    for cell in &line.cells {
        let bytes: usize = cell.spans.iter().map(|span| span.text.len()).sum();
        if bytes > limits.cell {
            return Err(format!("a cell has {bytes} bytes, the limit is {}", limits.cell));
        }
    }
    let group = line.group.as_deref().map(|heading| sanitize::line(heading).into_owned());
    // Most guests say nothing about sorting: nothing is kept for it then.
    let values = if line.cells.iter().any(|cell| cell.sort.is_some()) {
        line.cells.iter().map(|cell| cell.sort.as_ref().map(sorting)).collect()
    } else {
        Vec::new()
    };
    Ok(GuestLine { drawn: Line { cells: line.cells.iter().map(cell).collect(), group }, values })
}

fn cell(cell: &types::Cell) -> Cell {
    let span = |span: &types::Span| Span {
        text: sanitize::line(&span.text).into_owned(),
        role: span.role,
    };
    Cell { spans: cell.spans.iter().map(span).collect() }
}

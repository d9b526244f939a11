//! Columns that the server has already computed: its Table's cells, taken apart.
//!
//! Parity with `kubectl get pods` comes for free this way, and the request stays as small as it can be.

use super::Value;

/// A column made from one cell of the server's Table.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellColumn {
    /// Path in our vocabulary.
    pub(super) path: &'static str,
    /// Name of the column in the server's Table (`k8s.io/kubernetes/pkg/printers/internalversion`).
    pub(super) cell: &'static str,
    /// From the cell's text to a value.
    pub(super) read: fn(&str) -> Value,
}

/// Every such column.
pub(super) const CELLS: [CellColumn; 11] = [
    CellColumn { path: "pod.name", cell: "Name", read: text },
    CellColumn { path: "pod.ready", cell: "Ready", read: ready },
    CellColumn { path: "pod.total", cell: "Ready", read: total },
    CellColumn { path: "pod.status", cell: "Status", read: text },
    CellColumn { path: "pod.restarts", cell: "Restarts", read: restarts },
    CellColumn { path: "pod.last-restart", cell: "Restarts", read: last_restart },
    CellColumn { path: "pod.age", cell: "Age", read: age },
    CellColumn { path: "pod.ip", cell: "IP", read: text },
    CellColumn { path: "pod.node", cell: "Node", read: text },
    CellColumn { path: "pod.nominated-node", cell: "Nominated Node", read: text },
    CellColumn { path: "pod.readiness-gates", cell: "Readiness Gates", read: text },
];

impl PartialEq for CellColumn {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

/// kubectl writes `<none>`, `<unset>`, `<unknown>` or `<invalid>` for what is not there.
fn text(cell: &str) -> Value {
    if cell.is_empty() || (cell.starts_with('<') && cell.ends_with('>')) {
        return Value::Missing;
    }
    Value::Text(cell.to_owned())
}

/// `1` of `1/2`.
fn ready(cell: &str) -> Value {
    cell.split_once('/').map_or(Value::Missing, |(ready, _)| whole(ready))
}

/// `2` of `1/2`.
fn total(cell: &str) -> Value {
    cell.split_once('/').map_or(Value::Missing, |(_, total)| whole(total))
}

/// `3` of `3 (5m ago)`.
fn restarts(cell: &str) -> Value {
    cell.split_ascii_whitespace().next().map_or(Value::Missing, whole)
}

/// Five minutes of `3 (5m ago)`.
fn last_restart(cell: &str) -> Value {
    let ago = cell.split_once('(').and_then(|(_, rest)| rest.strip_suffix(" ago)"));
    ago.map_or(Value::Missing, age)
}

fn whole(text: &str) -> Value {
    text.parse().map_or(Value::Missing, Value::Whole)
}

/// Milliseconds of a length of time as kubectl writes it: `5m30s`, `3d4h`, `2y10d`.
pub(super) fn age(cell: &str) -> Value {
    let mut rest = cell;
    let mut total = Some(0_i64);
    while let Some(end) = rest.find(|character: char| !character.is_ascii_digit()) {
        let (number, unit) = rest.split_at(end);
        let (unit, after) = unit.split_at(unit.chars().next().map_or(0, char::len_utf8));
        let part = number.parse::<i64>().ok().zip(millis(unit));
        let part = part.and_then(|(number, unit)| number.checked_mul(unit));
        total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
        rest = after;
    }
    match total {
        Some(total) if rest.is_empty() && !cell.is_empty() => Value::Millis(total),
        _ => Value::Missing,
    }
}

fn millis(unit: &str) -> Option<i64> {
    match unit {
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        "y" => Some(31_536_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CELLS, Value};

    #[test]
    fn cells_become_values() {
        let cases = [
            ("pod.name", "web-0", Value::Text("web-0".into())),
            ("pod.node", "<none>", Value::Missing),
            ("pod.ready", "1/2", Value::Whole(1)),
            ("pod.total", "1/2", Value::Whole(2)),
            ("pod.ready", "nonsense", Value::Missing),
            ("pod.restarts", "0", Value::Whole(0)),
            ("pod.restarts", "3 (5m ago)", Value::Whole(3)),
            ("pod.last-restart", "3 (5m30s ago)", Value::Millis(330_000)),
            ("pod.last-restart", "3", Value::Missing),
            ("pod.age", "47s", Value::Millis(47_000)),
            ("pod.age", "3d4h", Value::Millis(273_600_000)),
            ("pod.age", "2y10d", Value::Millis(63_936_000_000)),
            ("pod.age", "<unknown>", Value::Missing),
            ("pod.age", "12", Value::Missing),
            ("pod.age", "5é", Value::Missing),
            ("pod.age", "", Value::Missing),
            ("pod.age", "99999999999999999999s", Value::Missing),
            ("pod.age", "9999999999999999y", Value::Missing),
        ];
        for (path, cell, expected) in cases {
            let column = CELLS
                .iter()
                .find(|column| column.path == path)
                .expect("the path is in the vocabulary");
            assert_eq!((column.read)(cell), expected, "{path} of {cell:?}");
        }
    }
}

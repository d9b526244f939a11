//! Sinks before a sink: rows that are not wanted are left out, the others sorted.

use anyhow::Result;

use serde_json::value::RawValue;
use table::{
    columns::{Filter, PodColumn, PodReader, SortKey, Tabular as _, Value, order},
    row::{ColumnDefinition, Row},
};

use super::{Change, Sink, view::View};

/// Keeps rows for which every filter holds, sorts them if there are keys, and hands them on.
pub(super) struct Arranged<'s> {
    keep: &'s [Filter<PodColumn>],
    sort: &'s [SortKey<PodColumn>],
    reader: PodReader,
    /// Rows that wait until all are there, which only sorting asks for.
    waiting: Vec<Waiting>,
    sink: &'s mut dyn Sink,
    /// Rows kept.
    pub(super) kept: usize,
}

struct Waiting {
    keys: Vec<Value>,
    change: Change,
    cells: Vec<String>,
    namespace: Option<String>,
    object: Option<Box<RawValue>>,
}

impl<'s> Arranged<'s> {
    pub(super) fn new(view: &'s View, sink: &'s mut dyn Sink) -> Self {
        let reader = PodReader::default();
        Self { keep: &view.keep, sort: &view.sort, reader, waiting: Vec::new(), sink, kept: 0 }
    }
}

impl Sink for Arranged<'_> {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        let kept = self.keep.iter().map(|filter| &filter.column);
        let sorted = self.sort.iter().map(|key| &key.column);
        self.reader = PodReader::new(kept.chain(sorted), columns);
        self.sink.columns(columns)
    }

    fn row(&mut self, change: Change, row: Row<'_>) -> Result<()> {
        let pod = self.reader.read(&row)?;
        for filter in self.keep {
            if !filter.holds(&pod.value(&filter.column))? {
                return Ok(());
            }
        }
        self.kept += 1;
        if self.sort.is_empty() {
            return self.sink.row(change, row);
        }
        self.waiting.push(Waiting {
            keys: self.sort.iter().map(|key| pod.value(&key.column)).collect(),
            change,
            cells: row.cells.iter().map(|cell| cell.clone().into_owned()).collect(),
            namespace: row.namespace.map(str::to_owned),
            object: row.object.map(ToOwned::to_owned),
        });
        Ok(())
    }

    fn end(&mut self, version: Option<&str>) -> Result<()> {
        self.waiting.sort_by(|one, other| order(self.sort, &one.keys, &other.keys));
        for row in self.waiting.drain(..) {
            self.sink.row(row.change, row.as_row())?;
        }
        self.sink.end(version)
    }
}

impl Waiting {
    fn as_row(&self) -> Row<'_> {
        Row {
            cells: self.cells.iter().map(|cell| cell.as_str().into()).collect(),
            namespace: self.namespace.as_deref(),
            object: self.object.as_deref(),
        }
    }
}

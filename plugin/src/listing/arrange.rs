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
    /// The columns they came with; every answer has its own.
    columns: Vec<Vec<ColumnDefinition>>,
    sink: &'s mut dyn Sink,
    /// Rows kept.
    pub(super) kept: usize,
}

struct Waiting {
    /// Place of its columns.
    columns: usize,
    keys: Vec<Value>,
    change: Change,
    cells: Vec<String>,
    namespace: Option<String>,
    object: Option<Box<RawValue>>,
}

impl<'s> Arranged<'s> {
    pub(super) fn new(view: &'s View, sink: &'s mut dyn Sink) -> Self {
        Self {
            keep: &view.keep,
            sort: &view.sort,
            reader: PodReader::default(),
            waiting: Vec::new(),
            columns: Vec::new(),
            sink,
            kept: 0,
        }
    }
}

impl Sink for Arranged<'_> {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        let kept = self.keep.iter().map(|filter| &filter.column);
        let sorted = self.sort.iter().map(|key| &key.column);
        self.reader = PodReader::new(kept.chain(sorted), columns);
        if self.columns.last().is_none_or(|last| last != columns) {
            self.columns.push(columns.to_vec());
        }
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
            columns: self.columns.len().saturating_sub(1),
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
        // The sink was told the columns of the last answer.
        let mut told = self.columns.len().saturating_sub(1);
        for row in self.waiting.drain(..) {
            if told != row.columns {
                told = row.columns;
                self.sink.columns(&self.columns[told])?;
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::GetArgs, listing::Scope};

    /// Writes down what it is given.
    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
            self.0.push(format!("{} columns", columns.len()));
            Ok(())
        }

        fn row(&mut self, change: Change, row: Row<'_>) -> Result<()> {
            self.0.push(format!("{change:?} {}", row.cells.join(" ")));
            Ok(())
        }

        fn end(&mut self, version: Option<&str>) -> Result<()> {
            self.0.push(format!("{version:?}"));
            Ok(())
        }
    }

    fn told(args: &GetArgs) -> Vec<String> {
        let view = View::new(args, false, &Scope::All).unwrap();
        let mut told = Told::default();
        let mut arranged = Arranged::new(&view, &mut told);
        let named = |name: &str| ColumnDefinition { name: name.to_owned(), ..Default::default() };
        arranged.columns(&["Name", "Restarts"].map(named)).unwrap();
        let rows = [
            (Change::Listed, r#"{"cells":["b",2]}"#),
            (Change::Added, r#"{"cells":["a",10]}"#),
            (Change::Deleted, r#"{"cells":["c",2]}"#),
            (Change::Modified, r#"{"cells":["d",0]}"#),
        ];
        for (change, row) in rows {
            arranged.row(change, Row::parse(row.as_bytes()).unwrap()).unwrap();
        }
        arranged.end(Some("7")).unwrap();
        told.0
    }

    #[test]
    fn what_is_kept_is_handed_on_whole_and_in_order() {
        let args = GetArgs { filter: vec!["pod.restarts>0".into()], ..GetArgs::default() };
        let kept = ["2 columns", "Listed b 2", "Added a 10", "Deleted c 2", r#"Some("7")"#];
        assert_eq!(told(&args), kept);
        let args = GetArgs { sort: vec!["-pod.restarts".into()], ..args };
        let sorted = ["2 columns", "Added a 10", "Listed b 2", "Deleted c 2", r#"Some("7")"#];
        assert_eq!(told(&args), sorted, "equal ones keep their order");
    }
}

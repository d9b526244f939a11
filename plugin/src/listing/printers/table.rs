//! Rows of the server's Table as `kubectl get` prints them
//! (`k8s.io/cli-runtime/pkg/printers/tableprinter.go`).

use std::{borrow::Cow, collections::BTreeMap};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use table::{
    columns::Need,
    row::{ColumnDefinition, Row},
    sanitize,
    tabwriter::TabWriter,
};

use crate::{listing::Sink, output::Stdout};

/// What the user wants to see of each pod.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent switches of a command line"
)]
pub(crate) struct TableOptions {
    /// `-o wide`: also columns of priority above zero.
    pub wide: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// `-A`: a NAMESPACE column.
    pub with_namespace: bool,
    /// `--show-kind`: `pod/` before names.
    pub with_kind: bool,
    /// `-L`: one column for each label.
    pub label_columns: Vec<String>,
    /// `--show-labels`: a LABELS column.
    pub show_labels: bool,
    /// Whether the result goes to a terminal, which then gets no control character.
    pub for_terminal: bool,
}

impl TableOptions {
    /// How much of each pod must come along with its cells.
    #[must_use]
    pub(crate) fn need(&self) -> Need {
        if self.show_labels || !self.label_columns.is_empty() {
            Need::Metadata
        } else if self.with_namespace {
            Need::Namespace
        } else {
            Need::Cells
        }
    }
}

/// Collects rows and lays them out once all have come: one alignment over everything.
#[derive(Debug)]
pub(crate) struct PodTable {
    options: TableOptions,
    columns: Vec<ColumnDefinition>,
    header_is_due: bool,
    name_column: Option<usize>,
    lines: TabWriter,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Partial<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    labels: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
}

impl Sink for PodTable {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        if self.columns != columns {
            self.columns = columns.to_vec();
            self.header_is_due = !self.options.no_headers;
            self.name_column = columns
                .iter()
                .position(ColumnDefinition::is_name)
                .filter(|_| self.options.with_kind);
        }
        Ok(())
    }

    fn row(&mut self, row: Row<'_>) -> Result<()> {
        if std::mem::take(&mut self.header_is_due) {
            self.header();
        }
        let metadata = self.metadata(&row)?;
        let mut line =
            Line { lines: &mut self.lines, terminal: self.options.for_terminal, first: true };
        if self.options.with_namespace {
            let namespace = row.namespace.or(metadata.namespace.as_deref());
            line.cell(&[namespace.unwrap_or_default()]);
        }
        for (index, (cell, column)) in row.cells.iter().zip(&self.columns).enumerate() {
            if column.priority != 0 && !self.options.wide {
                continue;
            }
            let kind = if self.name_column == Some(index) { "pod/" } else { "" };
            line.cell(&[kind, cell]);
        }
        let labels = metadata.labels.unwrap_or_default();
        for label in &self.options.label_columns {
            line.cell(&[labels.get(label.as_str()).map_or("", |value| value)]);
        }
        if self.options.show_labels {
            line.cell(&[&all_labels(&labels)]);
        }
        self.lines.end_line();
        Ok(())
    }
}

impl PodTable {
    /// An empty table.
    #[must_use]
    pub(crate) fn new(options: TableOptions) -> Self {
        Self {
            options,
            columns: Vec::new(),
            header_is_due: false,
            name_column: None,
            lines: TabWriter::default(),
        }
    }

    /// Writes everything.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(crate) fn print(&self, stdout: &mut Stdout) -> Result<()> {
        self.lines.finish(&mut |bytes| stdout.write(bytes))
    }

    fn header(&mut self) {
        let mut line = Line { lines: &mut self.lines, terminal: false, first: true };
        if self.options.with_namespace {
            line.cell(&["NAMESPACE"]);
        }
        for column in &self.columns {
            if column.priority == 0 || self.options.wide {
                line.cell(&[&column.name.to_uppercase()]);
            }
        }
        for label in &self.options.label_columns {
            // kubectl's header is the part of the label behind its last slash.
            let name = label.rsplit('/').next().unwrap_or(label);
            line.cell(&[&name.to_uppercase()]);
        }
        if self.options.show_labels {
            line.cell(&["LABELS"]);
        }
        self.lines.end_line();
    }

    fn metadata<'a>(&self, row: &Row<'a>) -> Result<Metadata<'a>> {
        let Some(object) = row.object.filter(|_| self.options.need() != Need::Cells) else {
            return Ok(Metadata::default());
        };
        let partial: Partial<'a> =
            serde_json::from_str(object.get()).context("cannot read a pod's metadata")?;
        Ok(partial.metadata)
    }
}

/// `k=v,k=v` in order of the keys.
fn all_labels(labels: &BTreeMap<Cow<'_, str>, Cow<'_, str>>) -> String {
    if labels.is_empty() {
        return String::from("<none>");
    }
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

/// A line being written.
struct Line<'a> {
    lines: &'a mut TabWriter,
    terminal: bool,
    first: bool,
}

impl Line<'_> {
    /// Adds a cell made of `parts`, cut at its first line break as kubectl cuts it.
    fn cell(&mut self, parts: &[&str]) {
        if !std::mem::take(&mut self.first) {
            self.lines.end_cell();
        }
        for part in parts {
            match part.find(['\n', '\r', '\u{c}']) {
                None => self.text(part),
                Some(end) => {
                    self.text(&part[..end]);
                    self.lines.write("...");
                    return;
                }
            }
        }
    }

    /// ESC becomes `^[`, as in kubectl. On a terminal no other control character passes either. A tab
    /// ends the cell on both.
    fn text(&mut self, text: &str) {
        if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return self.lines.write(text);
        }
        let visible = text.replace('\u{1b}', "^[");
        if !self.terminal {
            return self.lines.write(&visible);
        }
        for (index, piece) in visible.split(['\t', '\u{b}']).enumerate() {
            if index > 0 {
                self.lines.end_cell();
            }
            self.lines.write(&sanitize::line(piece));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &str = r#"[{"name":"Name","type":"string","format":"name"},{"name":"Ready","type":"string"},
        {"name":"IP","type":"string","priority":1}]"#;

    fn printed(options: TableOptions, rows: &[&str]) -> String {
        let columns: Vec<ColumnDefinition> = serde_json::from_str(COLUMNS).unwrap();
        let mut table = PodTable::new(options);
        table.columns(&columns).unwrap();
        for row in rows {
            table.row(Row::parse(row.as_bytes()).unwrap()).unwrap();
        }
        let mut out = Vec::new();
        table
            .lines
            .finish::<std::convert::Infallible>(&mut |bytes| {
                out.extend_from_slice(bytes);
                Ok(())
            })
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn options_choose_columns() {
        let rows = [
            r#"{"cells":["web","1/1","10.0.0.1"],"object":{"metadata":{"namespace":"shop","labels":{"b/app":"x","a":"y"}}}}"#,
            r#"{"cells":["db","0/1","<none>"],"object":{"metadata":{"namespace":"shop"}}}"#,
        ];
        let cases = [
            ("plain", TableOptions::default(), "NAME   READY\nweb    1/1\ndb     0/1\n"),
            (
                "wide",
                TableOptions { wide: true, ..TableOptions::default() },
                "NAME   READY   IP\nweb    1/1     10.0.0.1\ndb     0/1     <none>\n",
            ),
            (
                "no headers",
                TableOptions { no_headers: true, ..TableOptions::default() },
                "web   1/1\ndb    0/1\n",
            ),
            (
                "everything",
                TableOptions {
                    with_namespace: true,
                    with_kind: true,
                    label_columns: vec!["b/app".into()],
                    show_labels: true,
                    ..TableOptions::default()
                },
                "NAMESPACE   NAME      READY   APP   LABELS\nshop        pod/web   1/1     x     a=y,b/app=x\nshop        pod/db    0/1           <none>\n",
            ),
        ];
        for (name, options, expected) in cases {
            assert_eq!(printed(options, &rows), expected, "{name}");
        }
    }

    #[test]
    fn nothing_dangerous_reaches_a_terminal() {
        let row = [r#"{"cells":["a\u001b[31m\u0007b","x\ny","z"]}"#];
        let pipe = TableOptions { no_headers: true, ..TableOptions::default() };
        let terminal = TableOptions { for_terminal: true, ..pipe.clone() };
        assert_eq!(printed(pipe, &row), "a^[[31m\u{7}b   x...\n");
        assert_eq!(printed(terminal, &row), "a^[[31mb   x...\n");
    }

    #[test]
    fn no_rows_no_header() {
        assert_eq!(printed(TableOptions::default(), &[]), "");
    }
}

//! Rows of the server's Table as `kubectl get` prints them
//! (`k8s.io/cli-runtime/pkg/printers/tableprinter.go`).

use anyhow::Result;

use table::{
    columns::{PodReader, PodRow, Tabular as _},
    row::{ColumnDefinition, Row},
    sanitize,
    tabwriter::TabWriter,
};

use crate::{
    listing::{Change, ListVersion, Sink, View, view::Part},
    output::Stdout,
};

/// How a table looks, whatever it shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TableOptions {
    /// `--no-headers`.
    pub no_headers: bool,
    /// `--show-kind`: `pod/` before names.
    pub with_kind: bool,
    /// Whether the result goes to a terminal, which then gets no control character.
    pub for_terminal: bool,
}

/// Collects rows and lays them out when it is told to print: one alignment over all of a list, and what comes later keeps
/// to its widths.
#[derive(Debug)]
pub(crate) struct PodTable {
    options: TableOptions,
    parts: Vec<Part>,
    columns: Vec<ColumnDefinition>,
    reader: PodReader,
    header_is_due: bool,
    name_column: Option<usize>,
    lines: TabWriter,
}

impl Sink for PodTable {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        if self.columns != columns {
            self.columns = columns.to_vec();
            self.reader = PodReader::new(self.parts.iter().filter_map(Part::column), columns);
            self.header_is_due = !self.options.no_headers;
            self.name_column = columns
                .iter()
                .position(ColumnDefinition::is_name)
                .filter(|_| self.options.with_kind);
        }
        Ok(())
    }

    fn row(&mut self, _: Change, row: Row<'_>) -> Result<()> {
        if std::mem::take(&mut self.header_is_due) {
            self.header();
        }
        let pod = self.reader.read(&row)?;
        let mut line =
            Line { lines: &mut self.lines, terminal: self.options.for_terminal, first: true };
        for part in &self.parts {
            match part {
                Part::Cells { wide } => {
                    for (index, (cell, column)) in row.cells.iter().zip(&self.columns).enumerate() {
                        if column.priority != 0 && !wide {
                            continue;
                        }
                        let kind = if self.name_column == Some(index) { "pod/" } else { "" };
                        line.cell(&[kind, cell]);
                    }
                }
                Part::Column { column, missing, .. } => {
                    let value = pod.value(column);
                    let text = PodRow::text(column, &value);
                    // A tab would end the cell, and what follows stand under another title.
                    let text = if value.is_missing() { (*missing).to_owned() } else { text };
                    line.cell(&[&text.replace(['\t', '\u{b}'], " ")]);
                }
            }
        }
        self.lines.end_line();
        Ok(())
    }

    fn end(&mut self, _: &[ListVersion]) -> Result<()> {
        Ok(())
    }
}

impl PodTable {
    /// An empty table of what `view` shows.
    #[must_use]
    pub(crate) fn new(view: &View, options: TableOptions) -> Self {
        Self {
            options,
            parts: view.parts.clone(),
            columns: Vec::new(),
            reader: PodReader::default(),
            header_is_due: false,
            name_column: None,
            lines: TabWriter::default(),
        }
    }

    /// Forgets the rows that came since it last printed, and is as if it were new to those that follow.
    pub(crate) fn forget(&mut self) {
        self.lines = TabWriter::default();
        self.header_is_due = !self.options.no_headers;
    }

    /// Writes the rows that came since the last time.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(crate) fn print(&mut self, stdout: &mut Stdout) -> Result<()> {
        self.lines.flush(&mut |bytes| stdout.write(bytes))
    }

    fn header(&mut self) {
        let mut line =
            Line { lines: &mut self.lines, terminal: self.options.for_terminal, first: true };
        for part in &self.parts {
            match part {
                Part::Cells { wide } => {
                    for column in &self.columns {
                        if column.priority == 0 || *wide {
                            line.cell(&[&column.name.to_uppercase()]);
                        }
                    }
                }
                Part::Column { title, .. } => line.cell(&[title]),
            }
        }
        self.lines.end_line();
    }
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
    use crate::cli::GetArgs;

    const COLUMNS: &str = r#"[{"name":"Name","type":"string","format":"name"},{"name":"Ready","type":"string"},
        {"name":"IP","type":"string","priority":1}]"#;

    fn printed(view: &View, options: TableOptions, rows: &[&str]) -> String {
        let columns: Vec<ColumnDefinition> = serde_json::from_str(COLUMNS).unwrap();
        let mut table = PodTable::new(view, options);
        table.columns(&columns).unwrap();
        for row in rows {
            table.row(Change::Listed, Row::parse(row.as_bytes()).unwrap()).unwrap();
        }
        let mut out = Vec::new();
        table
            .lines
            .flush::<std::convert::Infallible>(&mut |bytes| {
                out.extend_from_slice(bytes);
                Ok(())
            })
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    fn view(args: &GetArgs, wide: bool) -> View {
        View::new(args, wide, &crate::listing::Scope::All).unwrap()
    }

    #[test]
    fn options_choose_columns() {
        let rows = [
            r#"{"cells":["web","1/1","10.0.0.1"],"object":{"metadata":{"namespace":"shop","labels":{"b/app":"x","a":"y"}}}}"#,
            r#"{"cells":["db","0/1","<none>"],"object":{"metadata":{"namespace":"shop","labels":{}}}}"#,
            r#"{"cells":["mq","0/1","<none>"],"object":{"metadata":{"namespace":"shop"}}}"#,
        ];
        let everything = GetArgs {
            all_namespaces: true,
            label_columns: vec!["b/app".into()],
            show_labels: true,
            ..GetArgs::default()
        };
        let ours = GetArgs {
            columns: ["pod.ip", "metadata.labels[a]", "pod.name"].map(str::to_owned).to_vec(),
            ..GetArgs::default()
        };
        let plain = TableOptions::default();
        let bare = TableOptions { no_headers: true, ..plain };
        let with_kind = TableOptions { with_kind: true, ..plain };
        let none = GetArgs::default();
        let cases = [
            (
                "plain",
                view(&none, false),
                plain,
                "NAME   READY\nweb    1/1\ndb     0/1\nmq     0/1\n",
            ),
            (
                "wide",
                view(&none, true),
                plain,
                "NAME   READY   IP\nweb    1/1     10.0.0.1\ndb     0/1     <none>\nmq     0/1     <none>\n",
            ),
            ("no headers", view(&none, false), bare, "web   1/1\ndb    0/1\nmq    0/1\n"),
            (
                "everything",
                view(&everything, false),
                with_kind,
                "NAMESPACE   NAME      READY   APP   LABELS\nshop        pod/web   1/1     x     a=y,b/app=x\n\
                 shop        pod/db    0/1           <none>\nshop        pod/mq    0/1           <none>\n",
            ),
            (
                "our columns",
                view(&ours, false),
                plain,
                "IP         A        NAME\n10.0.0.1   y        web\n<none>     <none>   db\n<none>     <none>   mq\n",
            ),
        ];
        for (name, view, options, expected) in cases {
            assert_eq!(printed(&view, options, &rows), expected, "{name}");
        }
    }

    #[test]
    fn nothing_dangerous_reaches_a_terminal() {
        let row = [r#"{"cells":["a\u001b[31m\u0007b","x\ny","z"]}"#];
        let view = view(&GetArgs::default(), false);
        let pipe = TableOptions { no_headers: true, ..TableOptions::default() };
        let terminal = TableOptions { for_terminal: true, ..pipe };
        assert_eq!(printed(&view, pipe, &row), "a^[[31m\u{7}b   x...\n");
        assert_eq!(printed(&view, terminal, &row), "a^[[31mb   x...\n");
    }

    #[test]
    fn no_rows_no_header() {
        let view = view(&GetArgs::default(), false);
        assert_eq!(printed(&view, TableOptions::default(), &[]), "");
    }
}

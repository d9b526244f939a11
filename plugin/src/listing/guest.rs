//! `-o guest:NAME`: the guest's plan decides what is fetched, and its lines are printed. When it fails, the built-in
//! table is printed in its place: nobody loses sight of their pods because of a format.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use host::{
    Choice, Context, Finished, Guest, GuestFailure, Limits, Output, Places, Planned, Session,
};
use table::{
    columns::{Column, Extractor, Value},
    grid,
    row::{ColumnDefinition, Row},
    sanitize,
};

use super::{
    Outcome, Query, Sink, Source,
    printers::{PodTable, TableOptions},
};
use crate::{
    cli::GetArgs,
    exit::Exit,
    output::{self, Stdout},
};

/// A guest that is ready to format.
pub(super) struct GuestFormat {
    name: String,
    guest: Guest,
}

impl GuestFormat {
    /// Finds, checks and compiles the guest that `choice` names.
    ///
    /// # Errors
    ///
    /// When there is no such guest, or it cannot be used.
    pub(super) fn load(choice: &str, args: &GetArgs) -> Result<Self> {
        let choice: Choice = choice.parse()?;
        let mut limits = Limits::default();
        limits.memory = args.guest_memory.unwrap_or(limits.memory);
        let guest = Guest::load(&choice, &Places::from_environment(), limits)?;
        Ok(Self { name: choice.name, guest })
    }

    /// Rows through the guest, to standard output. Gives what the list itself came to, and whether the guest did its
    /// work.
    ///
    /// # Errors
    ///
    /// When the list cannot be read or the output cannot be written.
    pub(super) async fn run(
        &self,
        source: &Source,
        mut query: Query,
        args: &GetArgs,
    ) -> Result<(Outcome, Exit)> {
        let mut stdout = Stdout::new();
        let options = TableOptions {
            no_headers: args.no_headers,
            with_namespace: args.all_namespaces,
            for_terminal: stdout.is_terminal(),
            ..TableOptions::default()
        };
        let opened = self.guest.open(&context(&stdout, args)?);
        if let Ok(session) = &opened {
            refuse_binary(&session.plan().output, stdout.is_terminal())?;
            query.need = session.plan().need();
        }
        query.need = query.need.max(options.need());
        let needs = opened.as_ref().map(|session| session.plan().needs.clone()).unwrap_or_default();
        let mut rows = Rows::new(needs, PodTable::new(options));
        let outcome = source.rows(&query, &mut rows).await?;
        if outcome.rows == 0 && !outcome.errors.is_empty() {
            // Nothing came that could be formatted: a header alone would look like an empty list.
            return Ok((outcome, Exit::Failure));
        }
        let exit = match opened.and_then(|session| finish(session, rows.values)) {
            Ok(finished) => {
                print(&finished, args, &mut stdout)?;
                let tell = |note| output::note(&format!("{}: {note}", self.name));
                finished.notes.iter().for_each(tell);
                Exit::Success
            }
            Err(failure) => {
                rows.table.print(&mut stdout)?;
                output::note(&format!("error: {failure}; this is the built-in table"));
                Exit::GuestFailed
            }
        };
        stdout.flush()?;
        Ok((outcome, exit))
    }
}

fn finish(mut session: Session, rows: Vec<Vec<Value>>) -> Result<Finished, GuestFailure> {
    session.push(rows)?;
    session.finish()
}

fn print(finished: &Finished, args: &GetArgs, stdout: &mut Stdout) -> Result<()> {
    match &finished.output {
        // As in kubectl, an empty list has no header: stderr says that there is nothing.
        Output::Table { lines, .. } if lines.is_empty() => Ok(()),
        Output::Table { columns, lines } => {
            let look = stdout.look(args.no_headers);
            stdout.write(grid::draw(columns, lines, look).as_bytes())
        }
        Output::Document { bytes, .. } if stdout.is_terminal() => {
            let text = String::from_utf8_lossy(bytes);
            stdout.write(sanitize::lines(&text).as_bytes())
        }
        Output::Document { bytes, .. } => stdout.write(bytes),
    }
}

/// Bytes that are no text would wreck a terminal.
fn refuse_binary(planned: &Planned, for_terminal: bool) -> Result<()> {
    match planned {
        Planned::Document(media_type) if for_terminal && !media_type.starts_with("text/") => {
            bail!(
                "this guest writes {media_type}, which is not for a terminal: redirect it to a file or a pipe"
            )
        }
        _ => Ok(()),
    }
}

fn context(stdout: &Stdout, args: &GetArgs) -> Result<Context> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(Context {
        command: "get".into(),
        features: args.all_namespaces.then(|| "all-namespaces".to_owned()).into_iter().collect(),
        width: None,
        rich: stdout.is_rich(),
        now_millis: i64::try_from(now.as_millis()).context("the clock is beyond all bounds")?,
        total: None,
    })
}

/// Keeps what the guest needs of each row, and the built-in table beside it.
struct Rows {
    needs: Vec<Column>,
    extractor: Extractor,
    values: Vec<Vec<Value>>,
    table: PodTable,
}

impl Rows {
    fn new(needs: Vec<Column>, table: PodTable) -> Self {
        Self { extractor: Extractor::new(needs.clone(), []), needs, values: Vec::new(), table }
    }
}

impl Sink for Rows {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        let names = columns.iter().map(|column| column.name.as_str());
        self.extractor = Extractor::new(self.needs.clone(), names);
        self.table.columns(columns)
    }

    fn row(&mut self, row: Row<'_>) -> Result<()> {
        let object = row.object.map(|object| serde_json::from_str(object.get()));
        let object = object.transpose().context("cannot read a pod of the server's table")?;
        self.values.push(self.extractor.row(&row.cells, row.namespace, object.as_ref()));
        self.table.row(row)
    }
}

#[cfg(test)]
mod tests {
    use super::{Planned, refuse_binary};

    #[test]
    fn only_text_goes_to_a_terminal() {
        let document = |media_type: &str| Planned::Document(media_type.to_owned());
        let cases = [
            (document("text/csv"), true, true),
            (document("application/zip"), true, false),
            (document("application/zip"), false, true),
            (document("TEXT"), true, false),
            (Planned::Table(Vec::new()), true, true),
        ];
        for (planned, terminal, allowed) in cases {
            assert_eq!(
                refuse_binary(&planned, terminal).is_ok(),
                allowed,
                "{planned:?} {terminal}"
            );
        }
    }
}

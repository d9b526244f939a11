//! `-o guest:NAME`: the guest's plan decides what is fetched, it is given the rows while they arrive, and its lines are
//! printed. When it fails, the built-in table is printed in its place: nobody loses sight of their pods because of a
//! format.

use std::{
    mem,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail};

use host::{
    Choice, Context, Finished, Guest, GuestFailure, Limits, Output, Places, Planned, Session,
};
use table::{
    columns::{PodReader, Tabular as _, Value},
    grid,
    row::{ColumnDefinition, Row},
    sanitize,
};

use super::{Change, Outcome, PodSource, Query, Sink, View, printers::PodTable, table_options};
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
        source: &PodSource,
        mut query: Query,
        args: &GetArgs,
    ) -> Result<(Outcome, Exit)> {
        let mut stdout = Stdout::new();
        let mut view = View::new(args, false, &query.scope)?;
        let opened = self.guest.open(&context(&stdout, view.shows_namespace())?);
        if let Ok(session) = &opened {
            refuse_binary(&session.plan().output, stdout.terminal().is_one)?;
            view.given.clone_from(&session.plan().needs);
        }
        query.need = view.need();
        let table = PodTable::new(&view, table_options(args, &stdout));
        let mut rows = Rows::new(opened, table);
        let outcome = super::rows(source, &query, &view, &mut rows).await?;
        if outcome.rows == 0 && !outcome.errors.is_empty() {
            // Nothing came that could be formatted: a header alone would look like an empty list.
            return Ok((outcome, Exit::Failure));
        }
        let exit = match rows.work {
            Work::Done(finished) => {
                print(&finished, args, &mut stdout)?;
                let tell = |note| output::note(&format!("{}: {note}", self.name));
                finished.notes.iter().for_each(tell);
                Exit::Success
            }
            Work::Failed(failure) => {
                rows.table.print(&mut stdout)?;
                output::note(&format!("error: {failure}; this is the built-in table"));
                Exit::GuestFailed
            }
            Work::Going(_) | Work::Between => bail!("the list did not end"),
        };
        stdout.flush()?;
        Ok((outcome, exit))
    }
}

fn print(finished: &Finished, args: &GetArgs, stdout: &mut Stdout) -> Result<()> {
    match &finished.output {
        // As in kubectl, an empty list has no header: stderr says that there is nothing.
        Output::Table { lines, .. } if lines.is_empty() => Ok(()),
        Output::Table { columns, lines } => {
            let look = stdout.look(args.no_headers);
            stdout.write(grid::draw(columns, lines, look).as_bytes())
        }
        Output::Document { bytes, .. } if stdout.terminal().is_one => {
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

fn context(stdout: &Stdout, several_namespaces: bool) -> Result<Context> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let terminal = stdout.terminal();
    Ok(Context {
        command: "get".into(),
        features: several_namespaces.then(|| "all-namespaces".to_owned()).into_iter().collect(),
        width: terminal.width.map(u32::from),
        rich: terminal.is_rich,
        now_millis: i64::try_from(now.as_millis()).context("the clock is beyond all bounds")?,
    })
}

/// Gives rows to the guest in batches, while they arrive, and keeps the built-in table beside it.
struct Rows {
    work: Work,
    reader: PodReader,
    /// Rows for the next call, each with the values that the guest needs.
    batch: Vec<Vec<Value>>,
    table: PodTable,
}

/// How far the guest is.
enum Work {
    Going(Box<Session>),
    Done(Finished),
    /// The first failure is the last: the guest is not called again.
    Failed(GuestFailure),
    /// Only while it is being called.
    Between,
}

impl Rows {
    fn new(opened: Result<Session, GuestFailure>, table: PodTable) -> Self {
        let going = |session| Work::Going(Box::new(session));
        let work = opened.map_or_else(Work::Failed, going);
        Self { work, reader: PodReader::default(), batch: Vec::new(), table }
    }

    /// Calls the guest.
    fn push(&mut self) {
        if let Work::Going(session) = &mut self.work
            && let Err(failure) = session.push(mem::take(&mut self.batch))
        {
            self.work = Work::Failed(failure);
        }
    }
}

impl Sink for Rows {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        if let Work::Going(session) = &self.work {
            self.reader = PodReader::new(&session.plan().needs, columns);
        }
        self.table.columns(columns)
    }

    fn row(&mut self, change: Change, row: Row<'_>) -> Result<()> {
        if let Work::Going(session) = &self.work {
            let pod = self.reader.read(&row)?;
            self.batch.push(session.plan().needs.iter().map(|need| pod.value(need)).collect());
            if self.batch.len() >= session.plan().batch {
                self.push();
            }
        }
        self.table.row(change, row)
    }

    fn end(&mut self, version: Option<&str>) -> Result<()> {
        self.push();
        self.work = match mem::replace(&mut self.work, Work::Between) {
            Work::Going(session) => session.finish().map_or_else(Work::Failed, Work::Done),
            work => work,
        };
        self.table.end(version)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Sends `count` rows to the guest that does this, and gives how far it is before and after the list's end.
    fn work(deed: &str, count: usize) -> (Work, Work) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../wasm-guests/prebuilt/hostile.wasm");
        let choice: Choice = format!("{},do={deed},in=push", path.display()).parse().unwrap();
        let guest = Guest::load(&choice, &Places::default(), Limits::default()).unwrap();
        let table = PodTable::new(&View::default(), super::super::TableOptions::default());
        let mut rows = Rows::new(guest.open(&Context::default()), table);
        let name = ColumnDefinition { name: "Name".to_owned(), ..ColumnDefinition::default() };
        rows.columns(&[name]).unwrap();
        for _ in 0..count {
            rows.row(Change::Listed, Row::parse(br#"{"cells":["web"]}"#).unwrap()).unwrap();
        }
        let before = mem::replace(&mut rows.work, Work::Between);
        if let Work::Going(session) = before {
            rows.work = Work::Going(session);
            rows.end(None).unwrap();
            return (Work::Between, rows.work);
        }
        (before, Work::Between)
    }

    #[test]
    fn a_guest_is_given_rows_before_the_list_ends() {
        let (before, _) = work("panic", 256);
        assert!(
            matches!(before, Work::Failed(_)),
            "a whole batch is there: it is given to the guest"
        );
        let (_, after) = work("panic", 255);
        assert!(matches!(after, Work::Failed(_)), "the rest is given at the end");
        let (_, after) = work("nothing", 600);
        let Work::Done(Finished { output: Output::Table { lines, .. }, .. }) = after else {
            panic!("it makes a table")
        };
        assert_eq!(lines.len(), 600);
    }

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

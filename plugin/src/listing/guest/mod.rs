//! `-o guest:NAME`: the guest's plan decides what is fetched, it is given the rows while they arrive, and what it makes is
//! sorted, filtered and printed. When it fails, the built-in table shows the rows that are not in what it made: nobody
//! loses sight of their pods because of a format.

mod asked;
mod help;
mod rows;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use cluster::ConnectionOptions;
use host::{
    Choice, Context, Guest, GuestFailure, GuestKind, Limits, LoadError, Made, Output, Places,
    Planned, Session,
};
use table::{grid, sanitize};

use self::{
    asked::Asked,
    rows::{Ended, Rows},
};
use super::{Outcome, PodSource, Query, Scope, View, printers::PodTable, table_options};
use crate::{
    cli::GetArgs,
    exit::Exit,
    output::{self, Stdout},
};

/// The kind of rows that a list has, in the words of a guest's `inputs`.
const INPUT: &str = "pods";

/// A guest that is ready for rows.
pub(super) struct GuestFormat {
    name: String,
    kind: GuestKind,
    /// At work, or why it is not.
    opened: Result<Session, GuestFailure>,
    asked: Asked,
    view: View,
}

impl GuestFormat {
    /// Finds, checks and compiles the guest that `choice` names, asks it whether it can be used like this, and opens it. When
    /// only help is wanted, that is printed, and there is no format.
    ///
    /// # Errors
    ///
    /// When there is no such guest, or it cannot be used, or not in the way that the flags say.
    pub(super) fn load(
        choice: &str,
        connection: &ConnectionOptions,
        args: &GetArgs,
    ) -> Result<Option<Self>> {
        let choice: Choice = choice.parse()?;
        let mut limits = Limits::default();
        limits.memory = args.guest_memory.unwrap_or(limits.memory);
        let guest = Guest::load(&choice, &Places::from_environment(), limits)?;
        if choice.help {
            help::print(&guest)?;
            return Ok(None);
        }
        let kind = guest.kind();
        let guest = match guest.fit(INPUT) {
            Err(LoadError::Failed(failure)) => Err(failure),
            fitting => Ok(fitting?),
        };
        let scope = Scope::named(connection)?.unwrap_or_default();
        let stdout = Stdout::new();
        let context = context(&stdout, args.all_namespaces || scope.is_many())?;
        let opened = guest.and_then(|guest| guest.open(&context));
        if let Ok(session) = &opened {
            refuse_binary(&session.plan().output, stdout.terminal().is_one)?;
        }
        let (asked, ours) = Asked::of(args, &opened)?;
        let mut view = View::new(&ours, false, &scope)?;
        if let Ok(session) = &opened {
            view.given.clone_from(&session.plan().needs);
        }
        Ok(Some(Self { name: choice.name, kind, opened, asked, view }))
    }

    /// Rows through the guest, to standard output. Gives what the list itself came to, and whether the guest did its
    /// work.
    ///
    /// # Errors
    ///
    /// When the list cannot be read or the output cannot be written.
    pub(super) async fn run(
        self,
        source: &PodSource,
        mut query: Query,
        args: &GetArgs,
    ) -> Result<(Outcome, Exit)> {
        let mut stdout = Stdout::new();
        let Self { name, kind, opened, asked, view } = self;
        query.need = view.need();
        let has_fallback = kind == GuestKind::Table && !args.guest_strict;
        let rest = has_fallback.then(|| PodTable::new(&view, table_options(args, &stdout)));
        let mut rows = Rows::new(opened, rest);
        let outcome = super::rows(source, &query, &view, &mut rows).await?;
        if outcome.rows == 0 && !outcome.errors.is_empty() {
            // Nothing came that could be formatted: a header alone would look like an empty list.
            return Ok((outcome, Exit::Failure));
        }
        let ended = rows.ended().context("the list did not end")?;
        for note in ended.made.iter().flat_map(|made| &made.notes) {
            output::note(&format!("{name}: {note}"));
        }
        let printing = Printing { asked: &asked, args, stdout: &mut stdout };
        let exit = printing.conclude(ended, outcome.rows > 0)?;
        Ok((outcome, exit))
    }
}

/// What came of a guest, on its way to standard output.
struct Printing<'p> {
    asked: &'p Asked,
    args: &'p GetArgs,
    stdout: &'p mut Stdout,
}

impl Printing<'_> {
    /// Prints what came of the guest, and says so when it did not do its work.
    fn conclude(mut self, ended: Ended, has_rows: bool) -> Result<Exit> {
        let Some((failure, place)) = ended.failure else {
            // As in kubectl, an empty list has no header: stderr says that there is nothing. A guest that found nothing to
            // say about the pods that are there shows its header.
            if let Some(made) = ended.made.filter(|made| has_rows || !is_empty_table(made)) {
                self.print(made)?;
            }
            self.stdout.flush()?;
            return Ok(Exit::Success);
        };
        let consequence = match (ended.rest, ended.made.filter(|made| !is_empty_table(made))) {
            (None, _) => "nothing is written",
            (Some(mut rest), Some(made)) => {
                self.print(made)?;
                rest.print(self.stdout)?;
                "the other pods are in the built-in table"
            }
            (Some(mut rest), None) => {
                rest.print(self.stdout)?;
                "this is the built-in table"
            }
        };
        self.stdout.flush()?;
        output::note(&format!("error: {failure}{place}; {consequence}"));
        Ok(Exit::GuestFailed)
    }

    fn print(&mut self, made: Made) -> Result<()> {
        match made.output {
            Output::Table { columns, lines } => {
                let (columns, lines) = self.asked.arrange(&columns, lines)?;
                let look = self.stdout.look(self.args.no_headers);
                self.stdout.write(grid::draw(&columns, &lines, look).as_bytes())
            }
            Output::Document { bytes, .. } if self.stdout.terminal().is_one => {
                let text = String::from_utf8_lossy(&bytes);
                self.stdout.write(sanitize::lines(&text).as_bytes())
            }
            Output::Document { bytes, .. } => self.stdout.write(&bytes),
        }
    }
}

fn is_empty_table(made: &Made) -> bool {
    matches!(&made.output, Output::Table { lines, .. } if lines.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

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

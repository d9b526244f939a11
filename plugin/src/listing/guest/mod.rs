//! `-o guest:NAME`: the guest's plan decides what is fetched, it is given the rows while they arrive, and what it makes is
//! sorted, filtered and printed. When it fails, the built-in table shows the rows that are not in what it made: nobody
//! loses sight of their pods because of a format.

mod asked;
mod help;
mod rows;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use host::{
    Choice, Context, Guest, GuestFailure, GuestKind, Limits, LoadError, Made, Output, Places,
    Planned,
};
use table::{grid, sanitize};

use self::{
    asked::Asked,
    rows::{Ended, Rows},
};
use super::{Outcome, PodSource, Query, View, printers::PodTable, table_options};
use crate::{
    cli::GetArgs,
    exit::Exit,
    output::{self, Stdout},
};

/// The kind of rows that a list has, in the words of a guest's `inputs`.
const INPUT: &str = "pods";

/// A guest that is ready to format.
pub(super) struct GuestFormat {
    name: String,
    kind: GuestKind,
    /// Why there is none, when it failed as soon as it was asked what it is.
    guest: Result<Guest, GuestFailure>,
}

impl GuestFormat {
    /// Finds, checks and compiles the guest that `choice` names, and asks it whether it can be used like this. When only help
    /// is wanted, that is printed, and there is no format.
    ///
    /// # Errors
    ///
    /// When there is no such guest, or it cannot be used.
    pub(super) fn load(choice: &str, args: &GetArgs) -> Result<Option<Self>> {
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
        Ok(Some(Self { name: choice.name, kind, guest }))
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
        let several = args.all_namespaces || query.scope.is_many();
        let context = context(&stdout, several)?;
        let opened = self.guest.clone().and_then(|guest| guest.open(&context));
        if let Ok(session) = &opened {
            refuse_binary(&session.plan().output, stdout.terminal().is_one)?;
        }
        let (asked, ours) = Asked::of(args, &opened)?;
        let mut view = View::new(&ours, false, &query.scope)?;
        if let Ok(session) = &opened {
            view.given.clone_from(&session.plan().needs);
        }
        query.need = view.need();
        let has_fallback = self.kind == GuestKind::Table && !args.guest_strict;
        let rest = has_fallback.then(|| PodTable::new(&view, table_options(args, &stdout)));
        let mut rows = Rows::new(opened, rest);
        let outcome = super::rows(source, &query, &view, &mut rows).await?;
        if outcome.rows == 0 && !outcome.errors.is_empty() {
            // Nothing came that could be formatted: a header alone would look like an empty list.
            return Ok((outcome, Exit::Failure));
        }
        let ended = rows.ended().context("the list did not end")?;
        let exit = self.conclude(ended, &asked, args, (&mut stdout, outcome.rows))?;
        Ok((outcome, exit))
    }

    /// Prints what came of the guest, and says so when it did not do its work.
    fn conclude(
        &self,
        ended: Ended,
        asked: &Asked,
        args: &GetArgs,
        (stdout, rows): (&mut Stdout, usize),
    ) -> Result<Exit> {
        let notes = ended.made.as_ref().map_or(&[][..], |made| &made.notes);
        for note in notes {
            output::note(&format!("{}: {note}", self.name));
        }
        let Some((failure, place)) = ended.failure else {
            // As in kubectl, an empty list has no header: stderr says that there is nothing. A guest that found nothing to
            // say about the pods that are there shows its header.
            let is_empty = |made: &Made| matches!(&made.output, Output::Table { lines, .. } if lines.is_empty());
            if let Some(made) = ended.made.filter(|made| rows > 0 || !is_empty(made)) {
                print(made, asked, args, stdout)?;
            }
            stdout.flush()?;
            return Ok(Exit::Success);
        };
        let consequence = match ended.rest {
            None => "nothing is written",
            Some(mut rest) => {
                let has_lines = |made: &Made| matches!(&made.output, Output::Table { lines, .. } if !lines.is_empty());
                let made = ended.made.filter(has_lines);
                let part = made.is_some();
                if let Some(made) = made {
                    print(made, asked, args, stdout)?;
                }
                rest.print(stdout)?;
                if part {
                    "the other pods are in the built-in table"
                } else {
                    "this is the built-in table"
                }
            }
        };
        stdout.flush()?;
        output::note(&format!("error: {failure}{place}; {consequence}"));
        Ok(Exit::GuestFailed)
    }
}

fn print(made: Made, asked: &Asked, args: &GetArgs, stdout: &mut Stdout) -> Result<()> {
    match made.output {
        Output::Table { columns, lines } => {
            let (columns, lines) = asked.arrange(&columns, lines)?;
            let look = stdout.look(args.no_headers);
            stdout.write(grid::draw(&columns, &lines, look).as_bytes())
        }
        Output::Document { bytes, .. } if stdout.terminal().is_one => {
            let text = String::from_utf8_lossy(&bytes);
            stdout.write(sanitize::lines(&text).as_bytes())
        }
        Output::Document { bytes, .. } => stdout.write(&bytes),
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

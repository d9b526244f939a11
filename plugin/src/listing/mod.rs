//! `kubectl pods [get]`: arguments to query, streamed Table to rows, rows to a format.
//!
//! Whoever wants rows (a format, a guest) says in a [`View`] what it shows of which pods, from which follows how much of
//! each pod the [`Query`] asks for, and implements [`Sink`]; [`PodSource::rows`] hands the rows over while they arrive.

mod arrange;
mod check;
mod everywhere;
mod fetch;
mod format;
mod guest;
mod objects;
mod printers;
mod query;
mod saved;
mod scope;
mod sink;
mod source;
mod view;

use anyhow::Result;

use self::{arrange::Arranged, guest::GuestFormat};

pub use fetch::{Outcome, fetch};
pub use format::Format;
pub use query::Query;
pub use saved::SavedList;
pub use scope::Scope;
pub use sink::{Change, ListVersion, Sink};
pub use source::PodSource;

pub(crate) use view::View;

use cluster::ConnectionOptions;

use self::printers::{NamePrinter, ObjectFormat, ObjectPrinter, PodTable, TableOptions};
use crate::{
    cli::GetArgs,
    exit::Exit,
    output::{self, Stdout},
};

/// Lists pods.
///
/// # Errors
///
/// When the cluster cannot be asked, or the output cannot be written.
pub async fn run(connection: &ConnectionOptions, args: &GetArgs) -> Result<Exit> {
    // What was typed is looked at before a credential plugin may run or stdin is read.
    let format = Format::parse(args.output.as_deref())?;
    check::check(connection, args, &format)?;
    let open = || PodSource::open(connection, args);
    match format {
        Format::Table { wide } => table(open().await?, args, wide).await,
        Format::Json => objects(open().await?, args, ObjectFormat::Json).await,
        Format::Yaml => objects(open().await?, args, ObjectFormat::Yaml).await,
        Format::Name => names(open().await?, args).await,
        Format::Guest(choice) => {
            let Some(guest) = GuestFormat::load(&choice, connection, args)? else {
                return Ok(Exit::Success);
            };
            let (source, query) = open().await?;
            let (outcome, exit) = guest.run(&source, query.clone(), args).await?;
            let whole = outcome.errors.is_empty() && outcome.rows > 0;
            Ok(if whole { exit } else { conclude(&outcome, &query) })
        }
    }
}

async fn table(
    (source, mut query): (PodSource, Query),
    args: &GetArgs,
    wide: bool,
) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let view = View::new(args, wide, &query.scope)?;
    query.need = view.need();
    let mut table = PodTable::new(&view, table_options(args, &stdout));
    let outcome = rows(&source, &query, &view, &mut table).await?;
    table.print(&mut stdout)?;
    stdout.flush()?;
    Ok(conclude(&outcome, &query))
}

fn table_options(args: &GetArgs, stdout: &Stdout) -> TableOptions {
    TableOptions {
        no_headers: args.no_headers,
        with_kind: args.show_kind,
        for_terminal: stdout.terminal().is_one,
    }
}

/// Hands the rows that `view` shows to `sink`, in its order.
async fn rows(
    source: &PodSource,
    query: &Query,
    view: &View,
    sink: &mut dyn Sink,
) -> Result<Outcome> {
    if view.is_plain() {
        return source.rows(query, sink).await;
    }
    let mut arranged = Arranged::new(view, sink);
    let outcome = source.rows(query, &mut arranged).await?;
    Ok(Outcome { rows: arranged.kept, ..outcome })
}

async fn objects(
    (source, query): (PodSource, Query),
    args: &GetArgs,
    format: ObjectFormat,
) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let single = query.names.len() == 1;
    let mut printer = ObjectPrinter::new(&mut stdout, format, single, args.show_managed_fields);
    let outcome = source.objects(&query, &mut printer).await?;
    let nothing = outcome.rows == 0 && (single || query.ignore_not_found);
    if !outcome.unreachable && !nothing {
        printer.finish()?;
    }
    stdout.flush()?;
    Ok(output::report_all(&outcome.errors))
}

async fn names((source, mut query): (PodSource, Query), args: &GetArgs) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let view = View { parts: Vec::new(), ..View::new(args, false, &query.scope)? };
    query.need = view.need();
    let mut printer = NamePrinter::new(&mut stdout);
    let outcome = rows(&source, &query, &view, &mut printer).await?;
    stdout.flush()?;
    Ok(output::report_all(&outcome.errors))
}

/// The last words on stderr, and the exit code.
fn conclude(outcome: &Outcome, query: &Query) -> Exit {
    if outcome.errors.is_empty() {
        if outcome.rows == 0 && !query.ignore_not_found {
            output::nothing_found(&query.scope.to_string());
        }
        return Exit::Success;
    }
    output::report_all(&outcome.errors)
}

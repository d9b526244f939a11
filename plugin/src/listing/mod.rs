//! `kubectl pods [get]`: arguments to query, streamed Table to rows, rows to a format.
//!
//! Whoever wants rows (a format, a guest) opens a [`Source`], states in the [`Query`] how much of each pod
//! it needs, and implements [`Sink`]; [`Source::rows`] hands the rows over while they arrive.

mod check;
mod everywhere;
mod fetch;
mod format;
mod guest;
mod objects;
mod printers;
mod query;
mod saved;
mod source;

use anyhow::Result;

use self::guest::GuestFormat;

pub use fetch::{Outcome, Sink, fetch};
pub use format::Format;
pub use query::{Query, Scope};
pub use saved::SavedList;
pub use source::Source;

use cluster::ConnectionOptions;
use table::object::Node;

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
    check::check(args, &format)?;
    let open = || Source::open(connection, args);
    match format {
        Format::Table { wide } => table(open().await?, args, wide).await,
        Format::Json => objects(open().await?, args, ObjectFormat::Json).await,
        Format::Yaml => objects(open().await?, args, ObjectFormat::Yaml).await,
        Format::Name => names(open().await?).await,
        Format::Guest(choice) => {
            let guest = GuestFormat::load(&choice, args)?;
            let (source, query) = open().await?;
            let (outcome, exit) = guest.run(&source, query.clone(), args).await?;
            let whole = outcome.errors.is_empty() && outcome.rows > 0;
            Ok(if whole { exit } else { conclude(&outcome, &query) })
        }
    }
}

async fn table((source, mut query): (Source, Query), args: &GetArgs, wide: bool) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let options = TableOptions {
        wide,
        no_headers: args.no_headers,
        with_namespace: args.all_namespaces,
        with_kind: args.show_kind,
        label_columns: args.label_columns.clone(),
        show_labels: args.show_labels,
        for_terminal: stdout.is_terminal(),
    };
    query.need = options.need();
    let mut table = PodTable::new(options);
    let outcome = source.rows(&query, &mut table).await?;
    table.print(&mut stdout)?;
    stdout.flush()?;
    Ok(conclude(&outcome, &query))
}

async fn objects(
    (source, query): (Source, Query),
    args: &GetArgs,
    format: ObjectFormat,
) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let single = query.names.len() == 1;
    let mut printer = ObjectPrinter::new(&mut stdout, format, single);
    let mut print = |mut object: Node<'_>| {
        if !args.show_managed_fields
            && let Some(metadata) = object.get_mut("metadata")
        {
            metadata.remove("managedFields");
        }
        printer.print(object)
    };
    let outcome = source.objects(&query, &mut print).await?;
    let nothing = outcome.rows == 0 && (single || query.ignore_not_found);
    if !outcome.unreachable && !nothing {
        printer.finish()?;
    }
    stdout.flush()?;
    Ok(output::report_all(&outcome.errors))
}

async fn names((source, query): (Source, Query)) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let mut printer = NamePrinter::new(&mut stdout);
    let outcome = source.rows(&query, &mut printer).await?;
    stdout.flush()?;
    Ok(output::report_all(&outcome.errors))
}

/// The last words on stderr, and the exit code.
fn conclude(outcome: &Outcome, query: &Query) -> Exit {
    if outcome.errors.is_empty() {
        if outcome.rows == 0 && !query.ignore_not_found {
            output::nothing_found(query.scope.namespace());
        }
        return Exit::Success;
    }
    output::report_all(&outcome.errors)
}

//! `kubectl pods [get]`: arguments to query, streamed Table to rows, rows to a format.
//!
//! Whoever wants rows (a format, a guest) states in a [`Query`] how much of each pod it needs and
//! implements [`Sink`]; [`fetch`] sends the requests and hands the rows over while they arrive.

mod fetch;
mod format;
mod objects;
mod query;
mod row;
mod splitter;

use anyhow::{Result, bail};

pub use fetch::{Outcome, Sink, fetch};
pub use format::Format;
pub use query::{IncludeObject, Query};
pub use row::{ColumnDefinition, Row};

use crate::{
    api::Cluster,
    cli::{ConnectionArgs, GetArgs},
    exit::Exit,
    output::{self, NamePrinter, ObjectFormat, ObjectPrinter, PodTable, Stdout, TableOptions},
};

/// Lists pods.
///
/// # Errors
///
/// When the cluster cannot be asked, or the output cannot be written.
pub async fn run(connection: &ConnectionArgs, args: &GetArgs) -> Result<Exit> {
    let cluster = Cluster::connect(connection).await?;
    let format = Format::parse(args.output.as_deref())?;
    check(args, &format)?;
    let query = query(&cluster, args);
    match format {
        Format::Table { wide } => table(&cluster, query, args, wide).await,
        Format::Json => objects(&cluster, &query, args, ObjectFormat::Json).await,
        Format::Yaml => objects(&cluster, &query, args, ObjectFormat::Yaml).await,
        Format::Name => names(&cluster, &query).await,
        Format::Guest(name) => bail!("guest {name} is not wired yet"),
    }
}

/// What kubectl refuses before it asks the server, and what is not built yet.
fn check(args: &GetArgs, format: &Format) -> Result<()> {
    let sort_by = args.sort_by.as_ref().is_some_and(|path| !path.is_empty());
    let template = args.template.as_ref().is_some_and(|text| !text.is_empty());
    let unbuilt = [
        (args.watch, "--watch"),
        (args.watch_only, "--watch-only"),
        (sort_by, "--sort-by"),
        (template, "--template"),
    ];
    if let Some((_, flag)) = unbuilt.into_iter().find(|(given, _)| *given) {
        bail!("this build does not do {flag} yet: use kubectl get pods {flag}");
    }
    if args.show_labels && !matches!(format, Format::Table { .. }) {
        let name = args.output.as_deref().unwrap_or_default();
        bail!("--show-labels option cannot be used with {name} printer");
    }
    if args.names.iter().any(String::is_empty) {
        bail!("resource name may not be empty");
    }
    if args.names.iter().any(|name| name.contains('/')) {
        bail!(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
        );
    }
    if !args.names.is_empty() {
        if args.selector().is_some() || args.field_selector().is_some() {
            bail!("name cannot be provided when a selector is specified");
        }
        if args.all_namespaces {
            bail!("a resource cannot be retrieved by name across all namespaces");
        }
    }
    Ok(())
}

/// What to ask the server, but for how much of each pod.
fn query(cluster: &Cluster, args: &GetArgs) -> Query {
    Query {
        namespace: (!args.all_namespaces).then(|| cluster.namespace.clone()),
        names: args.names.clone(),
        label_selector: args.selector().map(str::to_owned),
        field_selector: args.field_selector().map(str::to_owned),
        chunk_size: args.chunk_size,
        include: IncludeObject::None,
        ignore_not_found: args.ignore_not_found,
    }
}

async fn table(cluster: &Cluster, mut query: Query, args: &GetArgs, wide: bool) -> Result<Exit> {
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
    query.include = options.needs();
    let mut table = PodTable::new(options);
    let outcome = fetch(cluster, &query, &mut table).await?;
    table.print(&mut stdout)?;
    stdout.flush()?;
    Ok(conclude(&outcome, &query))
}

async fn objects(
    cluster: &Cluster,
    query: &Query,
    args: &GetArgs,
    format: ObjectFormat,
) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let single = query.names.len() == 1;
    let mut printer = ObjectPrinter::new(&mut stdout, format, single);
    let outcome = objects::fetch(cluster, query, &mut |mut object| {
        if !args.show_managed_fields
            && let Some(metadata) = object.get_mut("metadata")
        {
            metadata.remove("managedFields");
        }
        printer.print(object)
    })
    .await?;
    let nothing = outcome.rows == 0 && (single || query.ignore_not_found);
    if !outcome.unreachable && !nothing {
        printer.finish()?;
    }
    stdout.flush()?;
    Ok(output::report_all(&outcome.errors))
}

async fn names(cluster: &Cluster, query: &Query) -> Result<Exit> {
    let mut stdout = Stdout::new();
    let mut printer = NamePrinter::new(&mut stdout);
    let outcome = fetch(cluster, query, &mut printer).await?;
    stdout.flush()?;
    Ok(output::report_all(&outcome.errors))
}

/// The last words on stderr, and the exit code.
fn conclude(outcome: &Outcome, query: &Query) -> Exit {
    if outcome.errors.is_empty() {
        if outcome.rows == 0 && !query.ignore_not_found {
            output::nothing_found(query.namespace.as_deref());
        }
        return Exit::Success;
    }
    output::report_all(&outcome.errors)
}

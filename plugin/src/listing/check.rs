//! What is refused before anything is asked, by kubectl's rules.

use anyhow::{Result, bail};

use cluster::ConnectionOptions;

use super::{Format, Scope, View};
use crate::cli::GetArgs;

/// Refuses combinations of flags that make no sense.
pub(super) fn check(connection: &ConnectionOptions, args: &GetArgs, format: &Format) -> Result<()> {
    if args.show_labels && !matches!(format, Format::Table { .. }) {
        let name = args.output.as_deref().unwrap_or_default();
        bail!("--show-labels option cannot be used with {name} printer");
    }
    ours(args, format)?;
    let selected = args.selector().is_some() || args.field_selector().is_some();
    if args.saved().is_some() && selected {
        bail!("selectors need a cluster: they do not work with -f");
    }
    let several = matches!(Scope::named(connection)?, Some(Scope::Many(_)));
    names(args, selected, several)
}

/// The flags that kubectl has not, where they have no meaning.
fn ours(args: &GetArgs, format: &Format) -> Result<()> {
    let lists = [("--columns", &args.columns), ("--sort", &args.sort), ("-L", &args.label_columns)];
    if let Some((flag, _)) = lists.iter().find(|(_, list)| list.iter().any(String::is_empty)) {
        bail!("{flag} has an empty name in it");
    }
    if !matches!(format, Format::Guest(_)) {
        // The names of a guest's columns are known when it has said what they are.
        View::new(args, false, &Scope::All)?;
    }
    let name = args.output.as_deref().unwrap_or_default();
    let takes_columns = matches!(format, Format::Table { wide: false } | Format::Guest(_));
    if !args.columns.is_empty() && !takes_columns {
        bail!("--columns and -o {name} cannot be used together: both say what is shown");
    }
    if !args.columns.is_empty() && args.show_kind {
        bail!(
            "--columns and --show-kind cannot be used together: the kind stands before the usual names"
        );
    }
    if matches!(format, Format::Guest(_)) && (args.show_kind || !args.label_columns.is_empty()) {
        bail!(
            "--show-kind and -L work with tables, not with -o {name}: the guest says what is shown"
        );
    }
    let arranged = !args.sort.is_empty() || !args.filter.is_empty();
    if arranged && matches!(format, Format::Json | Format::Yaml) {
        bail!(
            "--sort and --filter work with tables, -o name and guests, not with -o {name}: give it names or a selector"
        );
    }
    Ok(())
}

fn names(args: &GetArgs, selected: bool, several: bool) -> Result<()> {
    if args.names.iter().any(String::is_empty) {
        bail!("resource name may not be empty");
    }
    if args.names.iter().any(|name| name.contains('/')) {
        bail!(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
        );
    }
    if args.names.is_empty() {
        return Ok(());
    }
    if selected {
        bail!("name cannot be provided when a selector is specified");
    }
    if args.all_namespaces {
        bail!("a resource cannot be retrieved by name across all namespaces");
    }
    if several {
        bail!("a resource cannot be retrieved by name across several namespaces");
    }
    Ok(())
}

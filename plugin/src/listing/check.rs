//! What is refused before anything is asked: kubectl's rules, and what is not built yet.

use anyhow::{Result, bail};

use super::Format;
use crate::cli::GetArgs;

/// Refuses combinations of flags that make no sense.
pub(super) fn check(args: &GetArgs, format: &Format) -> Result<()> {
    unbuilt(args)?;
    if args.show_labels && !matches!(format, Format::Table { .. }) {
        let name = args.output.as_deref().unwrap_or_default();
        bail!("--show-labels option cannot be used with {name} printer");
    }
    let selected = args.selector().is_some() || args.field_selector().is_some();
    if args.filename.is_some() && selected {
        bail!("selectors need a cluster: they do not work with -f");
    }
    names(args, selected)
}

fn unbuilt(args: &GetArgs) -> Result<()> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let unbuilt = [
        (args.watch, "--watch"),
        (args.watch_only, "--watch-only"),
        (given(&args.sort_by), "--sort-by"),
        (given(&args.template), "--template"),
    ];
    if let Some((_, flag)) = unbuilt.into_iter().find(|(given, _)| *given) {
        bail!("this build does not do {flag} yet: use kubectl get pods {flag}");
    }
    Ok(())
}

fn names(args: &GetArgs, selected: bool) -> Result<()> {
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
    Ok(())
}

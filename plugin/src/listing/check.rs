//! What is refused before anything is asked, by kubectl's rules.

use anyhow::{Result, bail};

use super::Format;
use crate::cli::GetArgs;

/// Refuses combinations of flags that make no sense.
pub(super) fn check(args: &GetArgs, format: &Format) -> Result<()> {
    if args.show_labels && !matches!(format, Format::Table { .. }) {
        let name = args.output.as_deref().unwrap_or_default();
        bail!("--show-labels option cannot be used with {name} printer");
    }
    let selected = args.selector().is_some() || args.field_selector().is_some();
    if args.saved().is_some() && selected {
        bail!("selectors need a cluster: they do not work with -f");
    }
    names(args, selected)
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

//! `-o guest:NAME,help`: what a guest is, what it takes and what it gives.

use std::fmt::Write as _;

use anyhow::Result;

use host::{About, Context, Guest, GuestColumn, OptionSpec, Plan, Planned};

use crate::output::Stdout;

/// Prints it. The guest runs for it, without any row.
///
/// # Errors
///
/// When the guest fails, or standard output cannot be written.
pub(super) fn print(guest: &Guest) -> Result<()> {
    let about = guest.about()?;
    // With the defaults; a guest that cannot do without an option says its columns when it is given.
    let plan = guest.clone().fit(super::INPUT).ok().map(|guest| guest.open(&Context::default()));
    let plan = plan.transpose()?.map(|session| session.plan().clone());
    let mut stdout = Stdout::new();
    stdout.write(text(&about, plan.as_ref()).as_bytes())?;
    stdout.flush()
}

fn text(about: &About, plan: Option<&Plan>) -> String {
    let About { name, version, summary, license, homepage, inputs, options, .. } = about;
    let mut text = format!("{name} {version}: {summary}\n");
    let _ = writeln!(text, "license {license}, for {}", inputs.join(" and "));
    if let Some(homepage) = homepage {
        let _ = writeln!(text, "{homepage}");
    }
    section(&mut text, "Options", options.iter().map(option));
    match plan.map(|plan| &plan.output) {
        Some(Planned::Table(columns)) => section(&mut text, "Columns", columns.iter().map(column)),
        Some(Planned::Document(media_type)) => {
            let _ = writeln!(text, "\nWrites {media_type}.");
        }
        None => {}
    }
    text
}

/// A heading and two columns below it, if there is anything to be said.
fn section(text: &mut String, heading: &str, entries: impl Iterator<Item = (String, String)>) {
    let entries: Vec<_> = entries.collect();
    let width = entries.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default();
    for (index, (left, right)) in entries.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{heading}:");
        }
        let _ = writeln!(text, "{}", format!("  {left:width$}  {right}").trim_end());
    }
}

fn option(option: &OptionSpec) -> (String, String) {
    let default = match &option.default {
        Some(default) if default.is_empty() => String::new(),
        Some(default) => format!(" (default {default})"),
        None => " (must be given)".to_owned(),
    };
    (option.usage(), format!("{}{default}", option.summary))
}

fn column(column: &GuestColumn) -> (String, String) {
    let mut facts = vec![column.summary.clone()];
    facts.extend(column.unit.as_ref().map(|unit| format!("in {unit}")));
    if !column.choices.is_empty() {
        facts.push(format!("one of {}", column.choices.join(", ")));
    }
    facts.extend(column.hidden.then(|| "shown only when asked for".to_owned()));
    facts.retain(|fact| !fact.is_empty());
    (column.id.clone(), facts.join("; "))
}

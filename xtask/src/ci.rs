//! `cargo xtask ci`: what `.ci/run` calls: format, invariants, deny, lint, docs, guests, tests.

use crate::{
    cargo::{cargo, workspace_wide},
    command::show,
    deny, docs, guests, invariants,
    steps::Steps,
    test,
};

/// Runs every check, cheapest first; the first that fails ends it.
///
/// # Errors
///
/// The first failure.
pub(crate) fn ci() -> anyhow::Result<()> {
    let mut unchecked = Vec::new();
    let tested = steps(&mut unchecked);
    // At the end, where they are read: what passed here may still be wrong in these.
    for warning in unchecked {
        eprintln!("warning: {warning}");
    }
    tested
}

/// What could not be judged on this machine, and why, goes into `unchecked`.
fn steps(unchecked: &mut Vec<String>) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.begin("format");
    show(cargo().args(["fmt", "--all", "--check"]))?;
    steps.begin("invariants");
    invariants::check()?;
    steps.begin("deny");
    unchecked.extend(deny::check()?);
    steps.begin("lint");
    show(workspace_wide("clippy").args(["--all-targets", "--", "--deny", "warnings"]))?;
    steps.begin("docs");
    let mut doc = workspace_wide("doc");
    doc.args(["--lib", "--bins", "--no-deps", "--document-private-items"]);
    show(doc.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private-intra-doc-links"))?;
    docs::run(true)?;
    steps.begin("guests");
    unchecked.extend(guests::check()?);
    steps.begin("what the machine lacks for the tests");
    test::run(&test::TestArgs::everything(), &mut steps)
}

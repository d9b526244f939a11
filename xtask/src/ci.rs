//! `cargo xtask ci`: what `.ci/run` calls: format, invariants, deny, lint, docs, guests, tests.

use std::process::Stdio;

use crate::{
    cargo::{cargo, workspace_wide},
    command::show,
    docs, guests, invariants,
    steps::Steps,
    test,
};

/// cargo-deny's version, pinned so that its verdict does not change under us.
const CARGO_DENY: &str = "0.20.2";

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
    unchecked.extend(deny()?);
    steps.begin("lint");
    show(workspace_wide("clippy").args(["--all-targets", "--", "--deny", "warnings"]))?;
    steps.begin("docs");
    let mut doc = workspace_wide("doc");
    doc.args(["--lib", "--bins", "--no-deps", "--document-private-items"]);
    show(doc.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private-intra-doc-links"))?;
    docs::run(true)?;
    steps.begin("guests");
    unchecked.extend(guests::check()?);
    steps.begin("tests");
    test::run(&test::TestArgs::everything(), &mut steps)
}

/// Licences, sources and bans always; advisories when their database can be reached. A machine without a way to the
/// database cannot judge advisories: it says so, and does not call that a pass.
fn deny() -> anyhow::Result<Option<String>> {
    if !installed() {
        println!("installing cargo-deny {CARGO_DENY} (a minute or two, once)");
        let mut install = cargo();
        // Unoptimised it is built in a third of the time, and is a second slower at its work.
        install.args(["install", "--quiet", "--locked", "--debug", "cargo-deny"]);
        install.env("CARGO_PROFILE_DEV_DEBUG", "0");
        show(install.args(["--version", CARGO_DENY]))?;
    }
    show(cargo().args(["deny", "check", "licenses", "bans", "sources"]))?;
    let mut fetch = cargo();
    fetch.args(["deny", "fetch", "db"]).stdout(Stdio::null()).stderr(Stdio::null());
    if show(&mut fetch).is_err() {
        let warning = "advisories NOT checked: their database cannot be fetched from here";
        eprintln!("warning: {warning}");
        return Ok(Some(warning.to_owned()));
    }
    show(cargo().args(["deny", "check", "advisories"]))?;
    Ok(None)
}

fn installed() -> bool {
    let version = cargo().args(["deny", "--version"]).stderr(Stdio::null()).output();
    version.is_ok_and(|output| {
        output.status.success()
            && String::from_utf8_lossy(&output.stdout).trim().ends_with(CARGO_DENY)
    })
}

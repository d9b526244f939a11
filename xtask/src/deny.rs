//! What cargo-deny says of our dependencies.

use std::{fs, process::Stdio};

use anyhow::{Context as _, Result};

use crate::{cache, cargo::cargo, command::show, workspace};

/// cargo-deny's version, pinned so that its verdict does not change under us.
const CARGO_DENY: &str = "0.20.2";

/// Licences, sources and bans, unless they passed before and nothing changed since; and advisories when their database
/// can be reached. A machine without a way to the database cannot judge advisories: it says so, and does not call that
/// a pass.
///
/// # Errors
///
/// When a dependency is not as it should be, or cargo-deny cannot be installed.
pub(crate) fn check() -> Result<Option<String>> {
    install()?;
    cache::folder("deny", "passed", &fingerprint()?, |_| {
        show(cargo().args(["deny", "check", "licenses", "bans", "sources"]))
    })?;
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

/// Of all that this verdict follows from: the rules, the dependencies, and the manifests, which choose their features.
fn fingerprint() -> Result<String> {
    let manifests = workspace::files(".", "toml")?;
    let files = manifests.into_iter().chain(["Cargo.lock".to_owned()]);
    let read = |path: String| {
        let text = fs::read(workspace::root().join(&path)).with_context(|| path.clone())?;
        Ok((path, text))
    };
    let texts = files.map(read).collect::<Result<Vec<_>>>()?;
    let inputs = texts.iter().map(|(path, text)| (path.as_str(), text.as_slice()));
    Ok(oci::fingerprint(inputs.chain([("cargo-deny", CARGO_DENY.as_bytes())])))
}

fn install() -> Result<()> {
    if installed() {
        return Ok(());
    }
    println!("installing cargo-deny {CARGO_DENY} (a minute or two, once)");
    let mut install = cargo();
    // Unoptimised it is built in a third of the time, and is a second slower at its work.
    install.args(["install", "--quiet", "--locked", "--debug", "cargo-deny"]);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    show(install.args(["--version", CARGO_DENY]))
}

fn installed() -> bool {
    let version = cargo().args(["deny", "--version"]).stderr(Stdio::null()).output();
    version.is_ok_and(|output| {
        output.status.success()
            && String::from_utf8_lossy(&output.stdout).trim().ends_with(CARGO_DENY)
    })
}

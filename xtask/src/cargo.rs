//! The cargo that runs us, and what it builds.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{command, workspace};

/// The cargo that runs us, in this checkout.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts that look at it would run again, and all above them be compiled, whenever it is not as before.
    command.env_remove("CARGO_MANIFEST_DIR").current_dir(workspace::root());
    command
}

/// Flags for rustc that put names in place of folders of this machine, which would end up in panic messages: what is
/// built is the same wherever it is built.
///
/// # Errors
///
/// When neither `CARGO_HOME` nor `HOME` is set.
pub(crate) fn same_anywhere() -> Result<Vec<OsString>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let home = home.context("neither CARGO_HOME nor HOME is set")?;
    let remap = |from: &Path, to: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push(format!("={to}"));
        flag
    };
    let mut flags = vec![remap(&home, "cargo"), remap(workspace::root(), ".")];
    // The folder of a registry is named after its host, which differs where a mirror is used. The last match counts.
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    flags.extend(registries.map(|registry| remap(&registry.path(), "registry")));
    Ok(flags)
}

/// Builds the plugin and gives the path of its binary; cargo's progress goes to our standard error.
///
/// # Errors
///
/// When it does not compile.
pub(crate) fn plugin(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args([
        "build",
        "--package",
        "kubectl-pods",
        "--message-format",
        "json-render-diagnostics",
    ]);
    build.args(release.then_some("--release"));
    let messages = command::watched_output(&mut build)?;
    let executable = messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_plugin = message["target"]["name"] == "kubectl-pods";
        message["executable"].as_str().filter(|_| is_plugin).map(PathBuf::from)
    });
    executable.context("cargo built no kubectl-pods")
}

//! The cargo that runs us, and what it builds.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{command, workspace};

/// The cargo that runs us, in this checkout.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts that look at it would run again, and all above them be compiled, whenever it is not as before.
    command.env_remove("CARGO_MANIFEST_DIR").current_dir(workspace::root());
    command
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

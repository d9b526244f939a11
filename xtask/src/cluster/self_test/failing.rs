//! A cluster that does not come up: whoever started the demo reads why, and where the rest is written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::shell::{path_with, xtask};
use crate::interrupt::Scratch;

const CONTAINERD: &str = "#!/bin/sh\necho 'this containerd only complains' >&2\nexit 1\n";

/// Runs the demo with a containerd that ends at once.
pub(super) fn run() -> Result<()> {
    let tools = Scratch::new()?;
    let containerd = tools.path().join("containerd");
    fs::write(&containerd, CONTAINERD)?;
    fs::set_permissions(&containerd, fs::Permissions::from_mode(0o755))?;
    let output = xtask(&["demo"])?.env("PATH", path_with(tools.path())?).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "it ended with {}:\n{said}", output.status);
    ensure!(
        said.contains("containerd-node1 ended before its socket"),
        "it does not say what failed:\n{said}"
    );
    let kept = said.lines().find_map(|line| line.split_once("its cluster's logs are in "));
    let kept = kept.with_context(|| format!("it names no logs:\n{said}"))?.1;
    let kept = Path::new(kept.split(": ").next().unwrap_or(kept));
    let log = fs::read_to_string(kept.join("containerd-node1.log"))?;
    ensure!(log.contains("only complains"), "the log says: {log}");
    Ok(())
}

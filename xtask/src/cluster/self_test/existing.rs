//! The tests on a cluster that somebody else started.

use anyhow::{Result, ensure};

use super::super::{Options, Running};
use super::pods::Pods;
use super::shell::{path_with, xtask};
use crate::command;

/// Runs one of them to its end: it passes, and the cluster has the namespaces it had.
pub(super) fn run(options: &Options) -> Result<()> {
    let running = Running::find(&options.name)?;
    let pods = Pods::of(&running);
    let before = pods.namespaces()?;
    let mut test = xtask(&["test", "nodes::guest", "--context", &running.context])?;
    test.arg("--kubeconfig").arg(&running.kubeconfig).env("PATH", path_with(&running.bin)?);
    let said = command::output(&mut test)?;
    let closing = said.lines().last().unwrap_or_default();
    ensure!(closing.starts_with("test result: ok. 1 passed;"), "the tests said:\n{said}");
    let after = pods.namespaces()?;
    ensure!(before == after, "namespaces were {before:?} and are {after:?}");
    Ok(())
}

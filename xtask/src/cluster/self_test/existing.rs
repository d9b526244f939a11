//! The tests on a cluster that somebody else started.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::super::process::wait_until;
use super::super::{Options, Running};
use super::pods::Pods;
use super::shell::{path_with, xtask};
use crate::command;

const GONE_LIMIT: Duration = Duration::from_mins(1);

/// Runs some of them to their end: they pass, and the cluster has the namespaces it had.
pub(super) fn run(options: &Options) -> Result<()> {
    let running = Running::find(&options.name)?;
    let pods = Pods::of(&running);
    let before = pods.namespaces()?;
    let mut test = xtask(&["test", "nodes::guest", "--context", &running.context])?;
    test.arg("--kubeconfig").arg(&running.kubeconfig).env("PATH", path_with(&running.bin)?);
    let said = command::output(&mut test)?;
    let closing = said.lines().last().unwrap_or_default();
    ensure!(closing.starts_with("test result: ok. "), "the tests said:\n{said}");
    // A test does not wait for the end of its namespace.
    wait_until("the end of the tests' namespaces", &[], GONE_LIMIT, || {
        pods.namespaces().is_ok_and(|after| after == before)
    })
}

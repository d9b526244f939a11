//! What people type: `env` for their shell, `status` for themselves.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::state::clusters;
use super::super::{Options, Running};
use crate::command;
use crate::interrupt::Scratch;

/// As in docs/cluster.md; then kubectl, which knows nothing but what that says.
const EVALUATE: &str = r#"eval $("$0" cluster env --name "$1")
command -v kubectl && kubectl config current-context && kubectl get nodes --output name"#;

/// Hides all clusters from what follows.
const WITHOUT_CLUSTERS: &str = r#"mount -t tmpfs none "$1" && exec "$0" cluster status"#;

/// The cluster of `options` runs and is whole.
pub(super) fn run(options: &Options) -> Result<()> {
    let name = &options.name;
    let running = Running::find(name)?;
    let home = Scratch::new()?;
    let said = command::output(&mut shell(EVALUATE, &[name], home.path())?)?;
    let nodes = (1..=options.nodes).map(|node| format!("node/node{node}"));
    let first = [running.bin.join("kubectl").display().to_string(), running.context];
    let expected: Vec<String> = first.into_iter().chain(nodes).collect();
    ensure!(said.lines().eq(&expected), "`env` led to:\n{said}\nnot to:\n{}", expected.join("\n"));
    fails_for_no_cluster()?;
    let status = command::output(&mut xtask(&["cluster", "status"])?)?;
    let (nodes, kubeconfig) = (options.nodes, running.kubeconfig.display());
    for line in [
        format!("{name}: up"),
        format!("  nodes       {nodes} (bridge), slot "),
        "  dead        none".to_owned(),
        format!("  kubeconfig  {kubeconfig}"),
    ] {
        ensure!(says(&status, name, &line), "`status` does not say {line:?} of {name}:\n{status}");
    }
    let mut alone = Command::new("unshare");
    alone.arg("--mount").arg("sh").args(["-c", WITHOUT_CLUSTERS]);
    let status = command::output(alone.arg(env::current_exe()?).arg(clusters()))?;
    ensure!(status.starts_with("no clusters: "), "`status` without clusters: {status}");
    Ok(())
}

/// `status` names a process that was killed. It may take a moment to end: its socket outlives its first thread.
pub(super) fn status_names_dead(name: &str, process: &str) -> Result<()> {
    let lines = [format!("{name}: API server does not answer"), format!("  dead        {process}")];
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let status = command::output(&mut xtask(&["cluster", "status"])?)?;
        let Some(line) = lines.iter().find(|line| !says(&status, name, line)) else {
            return Ok(());
        };
        let late = Instant::now() >= deadline;
        ensure!(!late, "`status` does not say {line:?} of {name}:\n{status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether a line of what `status` says about the cluster `name` begins with `line`.
fn says(status: &str, name: &str, line: &str) -> bool {
    let head = format!("{name}: ");
    let mut block = status.lines().skip_while(|other| !other.starts_with(&head));
    let first = block.next().into_iter();
    let indented = block.take_while(|other| other.starts_with(' '));
    first.chain(indented).any(|other| other.starts_with(line))
}

fn fails_for_no_cluster() -> Result<()> {
    let Output { status, stdout, stderr } =
        xtask(&["cluster", "env", "--name", "self-test-none"])?.output()?;
    let said = String::from_utf8_lossy(&stderr);
    ensure!(status.code() == Some(1) && stdout.is_empty(), "`env` without a cluster: {status}");
    let expected = "error: no cluster self-test-none: \
                    `cargo xtask cluster up --name self-test-none` starts one\n";
    ensure!(said == expected, "`env` without a cluster: {said}");
    Ok(())
}

/// This program with `words`.
pub(super) fn xtask(words: &[&str]) -> Result<Command> {
    let mut command = Command::new(env::current_exe().context("where is this program?")?);
    command.args(words).stdin(Stdio::null());
    Ok(command)
}

/// PATH, with `folder` before all others.
pub(super) fn path_with(folder: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    Ok(env::join_paths(folders)?)
}

/// A shell without kubectl in PATH; `$0` is this program. kubectl keeps its caches in HOME, or without one right here.
fn shell(script: &str, words: &[&str], home: &Path) -> Result<Command> {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(env::current_exe()?).args(words);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home);
    Ok(command)
}

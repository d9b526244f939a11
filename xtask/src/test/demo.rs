//! The demo as a newcomer meets it: all of it, and then what it says about the cluster that it leaves up.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use crate::{command, workspace::root};

/// The line before those that a reader is to type.
const TO_USE: &str = "# The cluster stays up. To use it:";
/// What begins the last line.
const TO_REMOVE: &str = "# To remove it: ";

/// Runs `cargo xtask demo --keep`, then the very lines that it prints at its end.
///
/// # Errors
///
/// When one of them fails, or does not show what it should.
pub(super) fn run() -> anyhow::Result<()> {
    let said = demo()?;
    let removal = said.iter().find_map(|line| line.strip_prefix(TO_REMOVE));
    let removal = removal.context("the demo does not say how to remove its cluster")?.to_owned();
    let used = use_it(&said);
    let removed = shell(&removal).map(drop).with_context(|| removal.clone());
    used.and(removed)
}

/// Runs the demo, shows what it prints and gives the lines.
fn demo() -> anyhow::Result<Vec<String>> {
    let mut command = Command::new(std::env::current_exe()?);
    let command = command.args(["demo", "--keep"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start the demo")?;
    let stdout = child.stdout.take().context("stdout is piped")?;
    let mut said = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        said.push(line);
    }
    let status = child.wait()?;
    ensure!(status.success(), "it ended with {status}");
    Ok(said)
}

/// What a reader of the last lines does: a shell of its own, this checkout, and nothing else known.
fn use_it(said: &[String]) -> anyhow::Result<()> {
    let lines =
        said.iter().skip_while(|line| *line != TO_USE).filter(|line| line.starts_with("  "));
    let script = lines.map(|line| line.trim()).collect::<Vec<_>>().join("\n");
    ensure!(script.contains("kubectl pods"), "the demo does not say how to use its cluster");
    let shown = shell(&script).with_context(|| script.clone())?;
    for server in ["nginx-ser", "httpd-ser"] {
        let is_running =
            |line: &str| line.split_whitespace().take(3).eq([server, "1/1", "Running"]);
        ensure!(shown.lines().any(is_running), "{server} does not run after the demo:\n{shown}");
    }
    Ok(())
}

fn shell(script: &str) -> anyhow::Result<String> {
    command::output(Command::new("bash").args(["-euc", script]).current_dir(root()))
}

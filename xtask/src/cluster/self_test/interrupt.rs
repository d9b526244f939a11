//! Interrupting what uses a cluster: demo, tests, bench.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::super::state::State;
use super::super::{Options, Running};
use super::pods::Pods;
use super::shell::{path_with, xtask};
use super::{identities, leftovers};
use crate::command::last_lines;
use crate::interrupt::Scratch;
use crate::processes;

/// For a run to come as far as it should; it may have to compile, or to wait until another run frees its cluster.
const START_LIMIT: Duration = Duration::from_mins(5);
/// For a run to end when it is told to.
const END_LIMIT: Duration = Duration::from_mins(1);

/// For programs that were told with it, or by it.
const LEFT_LIMIT: Duration = Duration::from_secs(5);

/// Who is told that a run shall end.
#[derive(Debug, Clone, Copy)]
enum Interruption {
    /// All of its process group, as the terminal does.
    CtrlC,
    /// The process alone, as a supervisor does.
    Terminate,
}

/// Interrupts runs on clusters of their own as soon as those are in use: nothing is left of them. Of tests only, unless
/// `all` are to be interrupted.
pub(super) fn own_clusters(all: bool) -> Result<()> {
    let runs: [(&[&str], _, _, _); 3] = [
        (&["test", "nodes::curl"], "test-nodes", "\nrunning ", Interruption::Terminate),
        (&["demo"], "demo", "$ kubectl run nginx-ser ", Interruption::CtrlC),
        (&["bench", "check", "--debug"], "bench", "\nround 0 of ", Interruption::CtrlC),
    ];
    for (words, cluster, moment, how) in runs.into_iter().take(if all { 3 } else { 1 }) {
        let (mut run, mut spec) = (Run::start(xtask(words)?)?, None);
        run.interrupt_when(how, |said| {
            spec = State::of(cluster).spec();
            Ok(said.contains(moment))
        })
        .with_context(|| format!("{how:?} of `cargo xtask {}`", words.join(" ")))?;
        leftovers::assert_none(&spec.context("its cluster was not up when it was interrupted")?)?;
    }
    Ok(())
}

/// Interrupts runs on a cluster that is not theirs: their namespaces go, and it stays as it is. The demo only, unless
/// `all` are to be interrupted.
pub(super) fn existing_cluster(options: &Options, all: bool) -> Result<()> {
    let running = Running::find(&options.name)?;
    let pods = Pods::of(&running);
    let (processes, namespaces) = (identities(&options.name), pods.namespaces()?);
    let runs: [(&[&str], _); 4] = [
        (&["demo"], Interruption::CtrlC),
        (&["demo"], Interruption::Terminate),
        (&["test", "nodes::curl"], Interruption::CtrlC),
        (&["test", "nodes::curl"], Interruption::Terminate),
    ];
    for (words, how) in runs.into_iter().take(if all { 4 } else { 1 }) {
        let mut command = xtask(words)?;
        command.arg("--kubeconfig").arg(&running.kubeconfig).args(["--context", &running.context]);
        command.env("PATH", path_with(&running.bin)?);
        let what = format!("{how:?} of `cargo xtask {} --kubeconfig …`", words.join(" "));
        Run::start(command)?
            .interrupt_when(how, |_| Ok(pods.namespaces()? != namespaces))
            .with_context(|| what.clone())?;
        let left = pods.namespaces()?;
        ensure!(left == namespaces, "{what}: namespaces were {namespaces:?} and are {left:?}");
    }
    ensure!(identities(&options.name) == processes, "processes of {} ended", options.name);
    pods.ensure_ready(options.nodes)
}

/// A run of this program, in a process group and with a folder for temporary files of its own.
struct Run {
    child: Child,
    temporary: PathBuf,
    log: PathBuf,
    _folder: Scratch,
}

impl Run {
    fn start(mut command: Command) -> Result<Self> {
        let folder = Scratch::new()?;
        let (temporary, log) = (folder.path().join("temporary"), folder.path().join("log"));
        fs::create_dir(&temporary)?;
        let file = File::create(&log)?;
        command.process_group(0).env("TMPDIR", &temporary);
        let child = command.stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { child, temporary, log, _folder: folder })
    }

    /// Waits for the moment, which may depend on what was said so far; then nothing may be left.
    fn interrupt_when(
        &mut self,
        how: Interruption,
        moment: impl FnMut(&str) -> Result<bool>,
    ) -> Result<()> {
        let done = self.wait_for(moment).and_then(|()| self.interrupt(how));
        done.with_context(|| format!("it said:\n{}", last_lines(&self.said(), 30)))
    }

    fn wait_for(&mut self, mut moment: impl FnMut(&str) -> Result<bool>) -> Result<()> {
        within(START_LIMIT, "it does not come that far", || {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended too early ({status})");
            }
            moment(&self.said())
        })
    }

    fn interrupt(&mut self, how: Interruption) -> Result<()> {
        let leader = self.leader()?;
        let (signal, told) = match how {
            // As kill(2) names all processes of a group.
            Interruption::CtrlC => (Signal::SIGINT, Pid::from_raw(-leader.as_raw())),
            Interruption::Terminate => (Signal::SIGTERM, leader),
        };
        kill(told, signal)?;
        let mut ended = None;
        within(END_LIMIT, "it does not end", || {
            ended = self.child.try_wait()?;
            Ok(ended.is_some())
        })?;
        let code = ended.and_then(|status| status.code());
        ensure!(code == Some(128 + signal as i32), "it ended with {ended:?}");
        within(LEFT_LIMIT, "it left processes in its group", || {
            let all = processes::all();
            let mut left = all.iter().filter(|process| process.group == leader.as_raw());
            Ok(left.all(|process| process.is_zombie))
        })?;
        let left = fs::read_dir(&self.temporary)?.flatten().map(|file| file.path());
        let left: Vec<PathBuf> = left.collect();
        ensure!(left.is_empty(), "it left temporary files: {left:?}");
        Ok(())
    }

    fn leader(&self) -> Result<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

/// Waits until `done`.
fn within(limit: Duration, otherwise: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + limit;
    while !done()? {
        ensure!(Instant::now() < deadline, "{otherwise} within {} s", limit.as_secs());
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A run that was not waited for must not outlive the test.
impl Drop for Run {
    fn drop(&mut self) {
        if let (Ok(None), Ok(leader)) = (self.child.try_wait(), self.leader()) {
            let _ = kill(leader, Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

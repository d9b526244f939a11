//! Starting processes that outlive us, and knowing them again later.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cgroup;
use super::identity::Identity;
use super::slot::{NodeIndex, Slot};
use super::state::State;
use crate::command::last_lines;

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How many lines of its log an error about a process quotes.
const QUOTED_LINES: usize = 12;

/// Enters the cluster's cgroup, then becomes the program. So no moment exists in which a process of
/// ours is not in it, even if we are killed between starting it and writing its number down.
const ENTER: &str = r#"echo $$ >"$0" && exec "$@""#;

/// A process of a cluster: an API server, a kubelet.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) identity: Identity,
    log: PathBuf,
}

impl Process {
    pub(crate) fn is_alive(&self) -> bool {
        self.identity.is_alive()
    }

    /// What it said last and where all of it is.
    fn words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        format!("log: {}\n{}", self.log.display(), last_lines(&log, QUOTED_LINES))
    }
}

/// Starts programs as part of a cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Launcher<'a> {
    pub(crate) state: &'a State,
    pub(crate) slot: Slot,
}

impl Launcher<'_> {
    /// A command that runs on the host, as part of the cluster: `down` ends it too.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", ENTER]).arg(cgroup::membership(self.slot)).arg(program.as_ref());
        command.current_dir("/");
        command
    }

    /// The same inside a node's network and mount namespaces.
    pub(crate) fn command_inside(&self, node: NodeIndex, program: impl AsRef<Path>) -> Command {
        let mut command = self.command("nsenter");
        let [mut mount, mut net] = [std::ffi::OsString::from("--mount="), "--net=".into()];
        mount.push(self.state.mounts().join(format!("node{node}")));
        net.push(super::network::namespace_path(self.slot, node));
        command.args([mount, net]).arg(program.as_ref());
        command
    }

    /// Starts `command` as `name`: in a session of its own, with its output in the log of that name.
    ///
    /// # Errors
    ///
    /// When it cannot be started or written down.
    pub(crate) fn start(&self, name: &str, command: &Command) -> Result<Process> {
        let log = self.state.log(name);
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut session = Command::new("setsid");
        session.arg(command.get_program()).args(command.get_args()).current_dir("/");
        for (key, value) in command.get_envs() {
            session.env(key, value.unwrap_or_default());
        }
        let child = session
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let pid = i32::try_from(child.id())?;
        let identity = Identity::of(pid)
            .with_context(|| format!("{name} ended at once; log: {}", log.display()))?;
        let record = self.state.processes().join(name);
        super::state::write(&record, &serde_json::to_string(&identity)?)?;
        Ok(Process { name: name.to_owned(), identity, log })
    }
}

/// Every process written down for the cluster, dead or alive, by name.
pub(crate) fn recorded(state: &State) -> Vec<Process> {
    let entries = fs::read_dir(state.processes()).into_iter().flatten().flatten();
    let mut processes: Vec<Process> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let identity = serde_json::from_slice(&fs::read(entry.path()).ok()?).ok()?;
            Some(Process { log: state.log(&name), name, identity })
        })
        .collect();
    processes.sort_by(|one, other| one.name.cmp(&other.name));
    processes
}

/// Waits until `condition` holds.
///
/// # Errors
///
/// When one of `processes`, on which it depends, ends before, or `limit` has passed: either way with
/// the end of the log.
pub(crate) fn wait_until(
    what: &str,
    processes: &[&Process],
    limit: Duration,
    mut condition: impl FnMut() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        if condition() {
            return Ok(());
        }
        if let Some(dead) = processes.iter().find(|process| !process.is_alive()) {
            bail!("{} ended before {what}; {}", dead.name, dead.words());
        }
        if Instant::now() >= deadline {
            let words: Vec<String> = processes
                .iter()
                .map(|process| format!("{}, {}", process.name, process.words()))
                .collect();
            bail!("no sign of {what} after {} s; {}", limit.as_secs(), words.join("\n"));
        }
        std::thread::sleep(POLL);
    }
}

/// Kills every process in the cluster's cgroups and waits until none is left.
///
/// # Errors
///
/// When some survive, which takes a process stuck in the kernel.
pub(crate) fn kill_all(slot: Slot, limit: Duration) -> Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        let processes = cgroup::processes(slot);
        if processes.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("processes that cannot be killed after {} s: {processes:?}", limit.as_secs());
        }
        for pid in processes {
            // One that ended meanwhile is what we want; its number is not used again that soon.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_process_it_depends_on() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "first\nport taken\n").unwrap();
        let identity = Identity::of_nobody();
        let dead = Process { name: "etcd".to_owned(), identity, log };
        let error =
            wait_until("an answer", &[&dead], Duration::from_mins(1), || false).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("etcd ended before an answer; log: "), "{text}");
        assert!(text.ends_with("port taken"), "{text}");
    }
}

//! A cluster for the length of one run: nobody else's meanwhile, and removed when the run is interrupted.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command};
use std::sync::{Mutex, OnceLock};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::state::State;
use super::{Options, Running};
use crate::host;
use crate::lock::FileLock;

/// Removes the clusters that its words name, and ends as a program does that was interrupted.
const REMOVE: &str =
    r#"code=$1; shift; for name; do "$0" cluster down --name "$name"; done; exit "$code""#;

/// The clusters to remove when we are interrupted.
static LEASED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The right to a cluster's name: while it is held, another run that wants the same name waits, also one of another
/// checkout. SIGINT and SIGTERM remove the cluster.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    _lock: FileLock,
}

impl Lease {
    /// Takes the name, after whoever has it now.
    ///
    /// # Errors
    ///
    /// When we are not root, or cannot listen for signals.
    pub(crate) fn take(name: &str) -> Result<Self> {
        host::require_root("up")?;
        let lock = State::lock_for_run(name)?;
        listen()?;
        leased().push(name.to_owned());
        Ok(Self { name: name.to_owned(), _lock: lock })
    }

    /// As [`super::up`], under the name of this lease.
    ///
    /// # Errors
    ///
    /// Those of [`super::up`].
    pub(crate) fn up(&self, options: &Options) -> Result<Running> {
        super::up(&Options { name: self.name.clone(), ..options.clone() })
    }

    /// Removes the cluster, then frees the name.
    ///
    /// # Errors
    ///
    /// Those of [`super::down`].
    pub(crate) fn down(self) -> Result<()> {
        super::down(&self.name)
    }
}

/// Only the name becomes free: a cluster that was not taken down stays.
impl Drop for Lease {
    fn drop(&mut self) {
        leased().retain(|name| *name != self.name);
    }
}

fn leased() -> std::sync::MutexGuard<'static, Vec<String>> {
    LEASED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Starts the thread that waits for signals, once.
fn listen() -> Result<()> {
    static LISTENING: OnceLock<()> = OnceLock::new();
    if LISTENING.set(()).is_err() {
        return Ok(());
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen for signals")?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            end(signal);
        }
    });
    Ok(())
}

/// Ends this process as `signal` would, and its clusters before.
///
/// It is replaced rather than tidied up: whatever the other threads are doing, starting a cluster or waiting for a test,
/// they stop here, and with them all locks are free.
fn end(signal: i32) {
    let names = leased().clone();
    if names.is_empty() {
        // There is nobody to tell when even that fails.
        let _ = emulate_default_handler(signal);
        return;
    }
    let commands = names.iter().map(|name| format!("`cargo xtask cluster down --name {name}`"));
    let commands = commands.collect::<Vec<_>>().join(", ");
    eprintln!("\ninterrupted: removing what was started ({commands})");
    end_descendants();
    let program = env::current_exe().unwrap_or_else(|_| "xtask".into());
    let code = (128 + signal).to_string();
    let error = Command::new("sh").args(["-c", REMOVE]).arg(program).arg(code).args(names).exec();
    eprintln!("error: cannot run sh ({error}): run {commands}");
    process::exit(128 + signal);
}

/// Asks the programs we started to end, tests and Prometheus among them: whoever interrupted us may have told us alone.
fn end_descendants() {
    let parents = parents();
    let mut family = vec![process::id()];
    let mut seen = 0;
    while let Some(&parent) = family.get(seen) {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| child));
        seen += 1;
    }
    for pid in family.into_iter().skip(1).filter_map(|pid| i32::try_from(pid).ok()) {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// Every process and its parent.
fn parents() -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // proc(5): PID (COMM) STATE PPID …, and COMM may hold anything.
        let (_, rest) = stat.rsplit_once(')')?;
        Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?))
    })
    .collect()
}

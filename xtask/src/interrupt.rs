//! What is undone when a run is interrupted: SIGINT and SIGTERM end it, but not before.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::processes;

/// The commands to run when we are interrupted, the last one first.
static COMMANDS: Mutex<Vec<(u64, Vec<OsString>)>> = Mutex::new(Vec::new());

/// Set by the signal itself, before any program we started can have ended of it.
static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// One command that undoes something, should we be interrupted before this is dropped.
#[derive(Debug)]
#[must_use = "dropped, it undoes nothing"]
pub(crate) struct Undo {
    number: u64,
}

impl Undo {
    /// `words` are a program and its arguments.
    ///
    /// # Errors
    ///
    /// When we cannot listen for signals.
    pub(crate) fn with<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Result<Self> {
        listen()?;
        let mut commands = commands();
        let number = commands.last().map_or(0, |(number, _)| number + 1);
        commands.push((number, words.into_iter().map(Into::into).collect()));
        Ok(Self { number })
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // The programs we wait for are interrupted with us. Whoever sees one end and gives up must not end this process
        // before the other thread replaces it.
        while INTERRUPTED.get().is_some_and(|interrupted| interrupted.load(Ordering::SeqCst)) {
            std::thread::park();
        }
        commands().retain(|(number, _)| *number != self.number);
    }
}

/// A temporary folder that is removed when it is dropped, and when we are interrupted.
#[derive(Debug)]
pub(crate) struct Scratch {
    // Dropped in this order: while the folder is there, it will be removed.
    folder: tempfile::TempDir,
    _undo: Undo,
}

impl Scratch {
    /// A new one, that nobody else may read.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or we cannot listen for signals.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let path = folder.path().as_os_str();
        let undo = Undo::with([OsStr::new("rm"), OsStr::new("-rf"), path])?;
        Ok(Self { folder, _undo: undo })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn commands() -> MutexGuard<'static, Vec<(u64, Vec<OsString>)>> {
    COMMANDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that waits for signals, once.
fn listen() -> Result<()> {
    let interrupted = Arc::new(AtomicBool::new(false));
    if INTERRUPTED.set(Arc::clone(&interrupted)).is_err() {
        return Ok(());
    }
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&interrupted)).context("cannot listen for signals")?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen for signals")?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            end(signal);
        }
    });
    Ok(())
}

/// Ends this process as `signal` would, and undoes everything before.
///
/// It is replaced rather than tidied up: whatever the other threads are doing, starting a cluster or waiting for a test,
/// they stop here, and with them all locks are free.
fn end(signal: i32) {
    let commands = commands();
    if commands.is_empty() {
        // There is nobody to tell when even that fails.
        let _ = emulate_default_handler(signal);
        return;
    }
    let code = 128 + signal;
    let commands: Vec<&[OsString]> = commands.iter().rev().map(|(_, words)| &words[..]).collect();
    let shown: Vec<String> = commands.iter().map(|words| shown(words)).collect();
    eprintln!("\ninterrupted: removing what was started: {}", shown.join("; "));
    end_descendants();
    let error = Command::new("sh").arg("-c").arg(script(&commands, code)).exec();
    eprintln!("error: cannot run sh ({error}): run {}", shown.join("; "));
    process::exit(code);
}

/// The command line as a user would type it, for messages only.
fn shown(words: &[OsString]) -> String {
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// For the shell: all commands, each whatever became of the one before, then the exit code.
fn script(commands: &[&[OsString]], code: i32) -> OsString {
    let mut script = OsString::new();
    for words in commands {
        for word in *words {
            script.push(quoted(word));
            script.push(" ");
        }
        script.push("\n");
    }
    script.push(format!("exit {code}"));
    script
}

/// One word to the shell, whatever is in it.
fn quoted(word: &OsStr) -> OsString {
    let parts: Vec<&[u8]> = word.as_bytes().split(|byte| *byte == b'\'').collect();
    OsString::from_vec([b"'", &parts.join(&br"'\''"[..])[..], b"'"].concat())
}

/// Asks the programs we started to end, tests and Prometheus among them: whoever interrupted us may have told us alone.
fn end_descendants() {
    let all = processes::all();
    let mut family = vec![i32::try_from(process::id()).unwrap_or_default()];
    let mut seen = 0;
    while let Some(&parent) = family.get(seen) {
        family.extend(all.iter().filter(|process| process.parent == parent).map(|child| child.pid));
        seen += 1;
    }
    for pid in family.into_iter().skip(1) {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_shell_runs_all_commands_with_the_words_they_were_given() {
        let odd = "it's $HOME; `exit 1`\n\\ *";
        let commands =
            [words(&["printf", "%s|", "a b", odd]), words(&["false"]), words(&["echo", "end"])];
        let commands: Vec<&[OsString]> = commands.iter().map(|words| &words[..]).collect();
        let output = Command::new("sh").arg("-c").arg(script(&commands, 130)).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("a b|{odd}|end\n"));
        assert_eq!(output.status.code(), Some(130));
    }

    #[test]
    fn only_what_is_still_to_be_undone_is_kept() -> Result<()> {
        let ours = |word: &str| commands().iter().any(|(_, words)| words[0] == word);
        let first = Undo::with(["test-first"])?;
        let second = Undo::with(["test-second"])?;
        drop(first);
        assert!(!ours("test-first") && ours("test-second"));
        drop(second);
        let folder = Scratch::new()?;
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists() && !ours("test-second"));
        Ok(())
    }
}

//! One run of a program, and what it cost.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::command;

/// A run that succeeded.
#[derive(Debug)]
pub(super) struct Measured {
    /// From its start to its end.
    pub(super) wall: Duration,
    /// User and system time of all its threads.
    pub(super) cpu: Duration,
    /// The most memory that it had at a time (maximum resident set size), in bytes. At least what we had when it began: a
    /// new process begins as a copy of this one. So we keep no outputs in memory.
    pub(super) peak: u64,
    /// What it printed: a file, which goes with the folder.
    stdout: PathBuf,
    _folder: TempDir,
}

impl Measured {
    /// What it printed.
    pub(super) fn output(&self) -> Result<BufReader<File>> {
        Ok(BufReader::new(File::open(&self.stdout)?))
    }

    /// Bytes that it printed.
    pub(super) fn size(&self) -> Result<u64> {
        Ok(fs::metadata(&self.stdout)?.len())
    }
}

/// Runs `command` with its output in a file, which costs it less than a pipe that somebody must empty.
///
/// # Errors
///
/// When it cannot be started, or fails; then with what it said.
pub(super) fn run(command: &mut Command) -> Result<Measured> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let [stdout, stderr] = ["stdout", "stderr"].map(|name| folder.path().join(name));
    command.stdin(Stdio::null());
    command.stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
    forget_our_peak()?;
    let begun = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let (status, usage) = wait(child.id())?;
    let wall = begun.elapsed();
    if status != 0 {
        let said = String::from_utf8_lossy(&fs::read(&stderr)?).into_owned();
        let said = command::last_lines(&said, 5);
        bail!("`{}` failed (wait status {status}): {said}", command::shown(command));
    }
    let peak = u64::try_from(usage.ru_maxrss)? * 1024;
    let cpu = time(usage.ru_utime)? + time(usage.ru_stime)?;
    Ok(Measured { wall, cpu, peak, stdout, _folder: folder })
}

/// The most that we ever had is not what a new process begins with (proc(5), `clear_refs`: 5).
fn forget_our_peak() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of our own memory")
}

/// Waits for a child. No crate of ours tells what a single child has used.
#[expect(unsafe_code, reason = "std and nix wait for children without asking for their usage")]
fn wait(child: u32) -> Result<(i32, libc::rusage)> {
    let child = i32::try_from(child)?;
    let mut status = 0;
    // SAFETY: an rusage is made of integers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to locals of the types that wait4 writes.
    if unsafe { libc::wait4(child, &raw mut status, 0, &raw mut usage) } != child {
        return Err(std::io::Error::last_os_error()).context("cannot wait for a program");
    }
    Ok((status, usage))
}

fn time(time: libc::timeval) -> Result<Duration> {
    let micros = u64::try_from(time.tv_usec)?;
    Ok(Duration::from_secs(u64::try_from(time.tv_sec)?) + Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Measured> {
        run(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn costs_of_a_run() {
        let idle = shell("echo hello; sleep 0.2").unwrap();
        assert_eq!(std::io::read_to_string(idle.output().unwrap()).unwrap(), "hello\n");
        assert_eq!(idle.size().unwrap(), 6);
        assert!(idle.wall >= Duration::from_millis(200), "{idle:?}");
        assert!(idle.cpu < idle.wall, "{idle:?}");
        let busy = shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done").unwrap();
        assert!(busy.cpu > idle.cpu && busy.peak > 0, "{busy:?} {idle:?}");
    }

    #[test]
    fn our_own_memory_is_not_counted() {
        let hoard = std::hint::black_box(vec![1_u8; 256 << 20]);
        drop(hoard);
        let idle = shell("true").unwrap();
        assert!(idle.peak < 128 << 20, "{idle:?}");
    }

    #[test]
    fn a_failure_says_why() {
        let error = shell("echo why >&2; exit 3").unwrap_err().to_string();
        assert!(error.ends_with("why"), "{error}");
    }
}

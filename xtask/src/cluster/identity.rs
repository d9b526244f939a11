//! Knowing a process again after others have come and gone.

use std::fs;

use anyhow::{Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// Which process a number meant when it was written down. Numbers are used again; a number together
/// with its start time and the boot it counts from is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pid: i32,
    /// In clock ticks since boot: field 22 of `/proc/PID/stat`.
    start_time: u64,
    boot_id: String,
}

impl Identity {
    /// Of a process that is running now.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { pid, start_time: running_since(&stat)?, boot_id: boot_id() })
    }

    pub(crate) fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Kills it, if it still is what it was.
    ///
    /// # Errors
    ///
    /// When it ended before, or belongs to someone we may not signal.
    pub(crate) fn kill(&self) -> Result<()> {
        ensure!(self.is_alive(), "process {} is not the one that was started", self.pid);
        Ok(kill(Pid::from_raw(self.pid), Signal::SIGKILL)?)
    }

    /// Of a process that cannot be.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Self {
        Self { pid: 1, start_time: u64::MAX, boot_id: String::new() }
    }
}

/// The start time in the text of `/proc/PID/stat`; `None` for a zombie. The program's name, in
/// brackets, may itself have blanks and brackets.
fn running_since(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_time_in_stat() {
        let tail = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        let cases = [
            ("plain", format!("42 (etcd) S {tail}"), Some(4711)),
            ("brackets in the name", format!("42 (a) R (b) S {tail}"), Some(4711)),
            ("zombie", format!("42 (etcd) Z {tail}"), None),
            ("cut short", "42 (etcd) S 1".to_owned(), None),
        ];
        for (name, stat, expected) in cases {
            assert_eq!(running_since(&stat), expected, "{name}");
        }
    }

    #[test]
    fn a_number_used_again_is_someone_else() {
        let me = Identity::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.is_alive());
        assert!(!Identity { start_time: me.start_time + 1, ..me.clone() }.is_alive());
        assert!(!Identity { boot_id: "another boot".to_owned(), ..me }.is_alive());
    }
}

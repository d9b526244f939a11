//! What systemd has done to a machine before a cluster is started, done where systemd is not in charge.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;
use crate::interrupt::Undo;

const BPF: &str = "/sys/fs/bpf";

/// Runs `test` with a BPF file system mounted where systemd mounts it.
pub(super) fn with_bpf_file_system<T>(test: impl FnOnce() -> Result<T>) -> Result<T> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read our mounts")?;
    if mounts.lines().any(|mount| mount.split(' ').nth(1) == Some(BPF)) {
        return test();
    }
    let _undo = Undo::with(["umount", BPF])?;
    command::run(Command::new("mount").args(["-t", "bpf", "bpf", BPF]))?;
    let tested = test();
    let unmounted = command::run(Command::new("umount").arg(BPF));
    tested.and_then(|value| unmounted.map(|()| value))
}

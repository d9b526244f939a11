//! Leaving nothing of a cluster behind, whatever state it is in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::slot::Slot;
use super::state::State;
use super::{cgroup, network, process};
use crate::command;

const KILL_LIMIT: Duration = Duration::from_secs(20);
/// How long a cgroup stays busy after its last process ended.
const CGROUP_LIMIT: Duration = Duration::from_secs(5);

/// Removes all of the cluster that owns `state`. The caller holds its lock.
///
/// # Errors
///
/// When something cannot be removed; calling it again goes on where it stopped.
pub(crate) fn remove(state: &State) -> Result<()> {
    if let Some(spec) = state.spec() {
        remove_kernel_objects(spec.slot)?;
    }
    // Mount namespaces end with their last process and their last name, and all mounts with them.
    unmount_below(state.root())?;
    state.remove()
}

fn remove_kernel_objects(slot: Slot) -> Result<()> {
    // No graces: nobody needs what a dying cluster would still write.
    process::kill_all(slot, KILL_LIMIT)?;
    network::remove(slot)?;
    let deadline = Instant::now() + CGROUP_LIMIT;
    while let Err(error) = cgroup::remove(slot) {
        if Instant::now() >= deadline {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn unmount_below(folder: &Path) -> Result<()> {
    let table = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    for path in mounts_below(&table, folder) {
        command::run(Command::new("umount").arg("--lazy").arg(path))?;
    }
    Ok(())
}

/// Mount points at or below `folder` in the text of `/proc/self/mountinfo`, the last mounted first.
pub(crate) fn mounts_below(mountinfo: &str, folder: &Path) -> Vec<PathBuf> {
    let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from);
    let mut points: Vec<PathBuf> = points.filter(|point| point.starts_with(folder)).collect();
    points.reverse();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mounts_of_this_cluster() {
        let table = "\
22 27 0:21 / /proc rw - proc proc rw
30 27 0:4 / /var/lib/kubectl-pods/clusters/a/mounts rw - ext4 /dev/vda rw
31 30 0:4 mnt:[1] /var/lib/kubectl-pods/clusters/a/mounts/node1 rw - nsfs nsfs rw
32 27 0:4 / /var/lib/kubectl-pods/clusters/ab/mounts rw - ext4 /dev/vda rw
";
        let base = Path::new("/var/lib/kubectl-pods/clusters/a");
        let expected = ["mounts/node1", "mounts"].map(|point| base.join(point));
        assert_eq!(mounts_below(table, base), expected);
    }
}

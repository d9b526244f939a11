//! The cluster's folders in the cgroup hierarchies. Every process of a cluster is in one of them,
//! which makes them the record of what we started: nothing can fork its way out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::slot::{NodeIndex, Slot};

const ROOT: &str = "/sys/fs/cgroup";
/// What kubelet sets limits with; and the v2 hierarchy that v1 machines often have beside them, where
/// runc puts pods too.
const HIERARCHIES: [&str; 10] = [
    "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd",
    "unified",
];
/// The controllers, under cgroup v2, without which no kubelet starts.
const NEEDED: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];
/// The hierarchy, under cgroup v1, whose membership decides what belongs to a cluster.
const TRACKING: &str = "pids";

/// The cgroup of a node, as its kubelet is told.
pub(crate) fn node_root(slot: Slot, node: NodeIndex) -> String {
    format!("/{}/node{node}", slot.cgroup())
}

/// Where a process of the cluster itself writes its number to belong to it.
pub(crate) fn membership(slot: Slot) -> PathBuf {
    tracking_root().join(slot.cgroup()).join("system/cgroup.procs")
}

/// Makes the folders of a cluster with so many nodes.
///
/// # Errors
///
/// When the hierarchies are read-only, as in an unprivileged container.
pub(crate) fn create(slot: Slot, nodes: impl Iterator<Item = NodeIndex>) -> Result<()> {
    create_folder(&tracking_root(), &format!("{}/system", slot.cgroup()))?;
    for node in nodes {
        for hierarchy in hierarchies() {
            create_folder(&hierarchy, &node_root(slot, node)[1..])?;
        }
    }
    Ok(())
}

/// Every process in the cluster's cgroups, those of pods included.
pub(crate) fn processes(slot: Slot) -> BTreeSet<i32> {
    let mut processes = BTreeSet::new();
    for folder in folders_bottom_up(&tracking_root().join(slot.cgroup())) {
        let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        // 0 stands for a process of another PID namespace, which cannot be ours to signal.
        processes.extend(
            text.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0),
        );
    }
    processes
}

/// Removes the folders, from the bottom up. All processes must have ended.
///
/// # Errors
///
/// When one is still in use.
pub(crate) fn remove(slot: Slot) -> Result<()> {
    for hierarchy in hierarchies() {
        for folder in folders_bottom_up(&hierarchy.join(slot.cgroup())) {
            fs::remove_dir(&folder)
                .with_context(|| format!("cannot remove cgroup {}", folder.display()))?;
        }
    }
    Ok(())
}

/// The cluster's topmost folders that exist.
pub(crate) fn existing(slot: Slot) -> Vec<PathBuf> {
    hierarchies().map(|root| root.join(slot.cgroup())).filter(|path| path.exists()).collect()
}

fn is_unified() -> bool {
    Path::new(ROOT).join("cgroup.controllers").exists()
}

fn tracking_root() -> PathBuf {
    if is_unified() { PathBuf::from(ROOT) } else { Path::new(ROOT).join(TRACKING) }
}

/// Cgroup v2 has one hierarchy, v1 one for each controller.
fn hierarchies() -> impl Iterator<Item = PathBuf> {
    let names = if is_unified() { &[""][..] } else { &HIERARCHIES };
    names.iter().map(|name| Path::new(ROOT).join(name)).filter(|path| path.is_dir())
}

/// Makes `relative` step by step under `hierarchy`. A new folder has no CPUs and no memory nodes
/// (v1), or no controllers (v2), until they are handed down.
fn create_folder(hierarchy: &Path, relative: &str) -> Result<()> {
    let mut folder = hierarchy.to_owned();
    for step in relative.split('/') {
        let parent = folder.clone();
        folder.push(step);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make cgroup {}", folder.display()))?;
        hand_down(&parent, &folder)
            .with_context(|| format!("cannot set up cgroup {}", folder.display()))?;
    }
    Ok(())
}

fn hand_down(parent: &Path, folder: &Path) -> Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if !is_unified() && parent.join(file).exists() {
            fs::write(folder.join(file), fs::read(parent.join(file))?)?;
        }
    }
    if is_unified() {
        for controller in fs::read_to_string(parent.join("cgroup.controllers"))?.split_whitespace()
        {
            let given = fs::write(parent.join("cgroup.subtree_control"), format!("+{controller}"));
            if NEEDED.contains(&controller) {
                given.with_context(|| not_given(controller, parent))?;
            }
        }
    }
    Ok(())
}

/// Only the root of the host may have both processes and controlled children (cgroups(7), "no internal processes").
fn not_given(controller: &str, parent: &Path) -> String {
    format!(
        "controller {controller} cannot be handed down from {}: in a container, move the processes in its cgroup.procs \
         into a cgroup below it first",
        parent.display()
    )
}

/// The one hierarchy of cgroup v2, which v1 machines often have beside theirs: eBPF programs are attached in it.
pub(crate) fn unified_root() -> PathBuf {
    if is_unified() { PathBuf::from(ROOT) } else { Path::new(ROOT).join("unified") }
}

fn folders_bottom_up(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let children = fs::read_dir(folder).into_iter().flatten().flatten();
    for child in children.filter(|child| child.file_type().is_ok_and(|kind| kind.is_dir())) {
        found.extend(folders_bottom_up(&child.path()));
    }
    if folder.is_dir() {
        found.push(folder.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_come_before_their_parents() -> Result<()> {
        let root = tempfile::tempdir()?;
        fs::create_dir_all(root.path().join("a/b"))?;
        let order = folders_bottom_up(root.path());
        assert_eq!(order, ["a/b", "a", ""].map(|path| root.path().join(path)));
        assert!(folders_bottom_up(&root.path().join("none")).is_empty());
        Ok(())
    }
}

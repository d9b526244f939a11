//! What is kept on disk about a cluster, and where.

use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::slot::{NodeIndex, Slot};
use super::{Cni, Options};
use crate::cache::remove_folder;
use crate::lock::{self, FileLock};

/// The folder of everything clusters keep. One per machine: slots are the machine's.
const BASE: &str = "/var/lib/kubectl-pods";
/// Lock files stay when clusters go: removing one that another process waits for would let two in.
const LOCKS: &str = "/run/lock/kubectl-pods";

/// What a cluster is. Written before anything of it exists: whatever an interrupted start leaves
/// behind can be found from this alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) slot: Slot,
    pub(crate) nodes: NodeIndex,
    pub(crate) cni: Cni,
    pub(crate) controllers: String,
    /// The programs it runs: changes with their versions.
    pub(crate) binaries: Vec<PathBuf>,
    /// Digests of the images on its nodes.
    pub(crate) images: Vec<String>,
}

impl Spec {
    /// Every node's number.
    pub(crate) fn node_indices(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        1..=self.nodes
    }
}

/// The folder of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    root: PathBuf,
}

impl State {
    /// Of the cluster called `name`, whether it exists or not.
    pub(crate) fn of(name: &str) -> Self {
        Self { root: clusters().join(name) }
    }

    /// Keeps other `up` and `down` of this cluster out until dropped.
    pub(crate) fn lock(name: &str) -> Result<FileLock> {
        lock::exclusive(&Path::new(LOCKS).join(name), || {
            eprintln!("waiting for another process that starts or stops cluster {name}");
        })
    }

    /// Keeps other runs that use a cluster of this name out until dropped: tests, demo, benches. Beside [`State::lock`],
    /// which each `up` and `down` in such a run takes. No cluster's name has a dot in it.
    pub(crate) fn lock_for_run(name: &str) -> Result<FileLock> {
        lock::exclusive(&Path::new(LOCKS).join(format!("{name}.run")), || {
            eprintln!("waiting for another run that uses cluster {name}");
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn exists(&self) -> bool {
        self.root.exists()
    }

    pub(crate) fn etcd(&self) -> PathBuf {
        self.root.join("etcd")
    }

    pub(crate) fn pki(&self, file: &str) -> PathBuf {
        self.root.join("pki").join(file)
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.root.join(format!("{user}.conf"))
    }

    pub(crate) fn log(&self, process: &str) -> PathBuf {
        self.logs().join(format!("{process}.log"))
    }

    /// The folder of all logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Where the identities of started processes are.
    pub(crate) fn processes(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(crate) fn node(&self, node: NodeIndex) -> PathBuf {
        self.root.join(format!("node{node}"))
    }

    /// Holds one file per node on which its mount namespace is pinned.
    pub(crate) fn mounts(&self) -> PathBuf {
        self.root.join("mounts")
    }

    pub(crate) fn cni_plugins(&self) -> PathBuf {
        self.root.join("cni-bin")
    }

    /// What was written by [`State::create`]; `None` when there is no such cluster, or when it was
    /// killed before it owned anything.
    pub(crate) fn spec(&self) -> Option<Spec> {
        serde_json::from_slice(&fs::read(self.root.join("cluster.json")).ok()?).ok()
    }

    /// Whether the last start went all the way.
    pub(crate) fn is_complete(&self) -> bool {
        self.root.join("complete").exists()
    }

    /// Records that the start went all the way.
    pub(crate) fn set_complete(&self) -> Result<()> {
        write(&self.root.join("complete"), "")
    }

    /// Makes the folders, `cluster.json` first.
    pub(crate) fn create(&self, spec: &Spec) -> Result<()> {
        // The administrator's key is in here.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.root)
            .and_then(|()| fs::set_permissions(&self.root, Permissions::from_mode(0o700)))
            .with_context(|| format!("cannot create {}", self.root.display()))?;
        write(&self.root.join("cluster.json.new"), &serde_json::to_string_pretty(spec)?)?;
        fs::rename(self.root.join("cluster.json.new"), self.root.join("cluster.json"))?;
        for folder in ["pki", "log", "run", "mounts"] {
            fs::create_dir_all(self.root.join(folder))?;
        }
        Ok(())
    }

    /// Removes everything, `cluster.json` last.
    pub(crate) fn remove(&self) -> Result<()> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).context("cannot read the cluster's state"),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                remove_folder(&entry.path())?;
            } else if entry.file_name() != "cluster.json" {
                fs::remove_file(entry.path())?;
            }
        }
        remove_folder(&self.root)?;
        let _lock = lock_slots()?;
        // Only when this was the last cluster: otherwise they are not empty.
        let _ = fs::remove_dir(clusters()).and_then(|()| fs::remove_dir(BASE));
        Ok(())
    }
}

/// Keeps others from taking or freeing a slot until dropped.
fn lock_slots() -> Result<FileLock> {
    lock::exclusive(&Path::new(LOCKS).join(".slots"), || {})
}

/// Names of all clusters that have a folder, in order.
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(clusters()).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Writes `text` to `path`.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Takes the lowest slot that no cluster has and nothing else on this machine uses, and creates the
/// cluster's folder with it.
///
/// # Errors
///
/// When all slots are taken, or the folder cannot be written.
pub(crate) fn create_in_free_slot(
    options: &Options,
    binaries: Vec<PathBuf>,
    images: Vec<String>,
) -> Result<(State, Spec)> {
    let _lock = lock_slots()?;
    let taken: Vec<Slot> =
        names().iter().filter_map(|name| State::of(name).spec()).map(|spec| spec.slot).collect();
    let host = super::network::HostAddresses::read()?;
    let slot = Slot::all().find(|slot| !taken.contains(slot) && host.leaves_free(*slot));
    let Some(slot) = slot else { bail!("all 63 slots for clusters are taken on this machine") };
    let spec = Spec {
        name: options.name.clone(),
        slot,
        nodes: options.nodes,
        cni: options.cni,
        controllers: options.controllers().to_owned(),
        binaries,
        images,
    };
    let state = State::of(&options.name);
    state.create(&spec)?;
    Ok((state, spec))
}

/// The folder that has one folder per cluster.
pub(crate) fn clusters() -> PathBuf {
    Path::new(BASE).join("clusters")
}

//! Everything of a cluster that could outlive it. Looked for independently of how `down` works.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::super::slot::MAX_NODES;
use super::super::state::{Spec, State};
use super::super::{cgroup, network, teardown};
use crate::command;

/// How long the kernel may take to finish removing what was removed.
const LIMIT: Duration = Duration::from_secs(5);

/// What is there now, a line each.
pub(super) fn of(spec: &Spec) -> Result<Vec<String>> {
    let state = State::of(&spec.name);
    let slot = spec.slot;
    let mut found = Vec::new();
    found.extend(state.exists().then(|| format!("folder {}", state.root().display())));
    found.extend(processes(state.root()));
    found.extend(cgroup::existing(slot).iter().map(|path| format!("cgroup {}", path.display())));
    let mountinfo = fs::read_to_string("/proc/self/mountinfo")?;
    let mounts = teardown::mounts_below(&mountinfo, state.root());
    found.extend(mounts.iter().map(|path| format!("mount {}", path.display())));
    for node in 1..=MAX_NODES {
        let path = network::namespace_path(slot, node);
        found.extend(path.exists().then(|| format!("network namespace {}", path.display())));
        found.extend(link(&slot.link(node)));
    }
    found.extend(link(&slot.bridge()));
    let pods = slot.cluster_cidr().replace(".0.0/16", ".");
    let hosts = slot.host_ip().to_string();
    let hosts = hosts.trim_end_matches('1').to_owned();
    let routes = command::output(Command::new("ip").args(["route", "show", "table", "all"]))?;
    let ours = |line: &&str| line.contains(&pods) || line.contains(&hosts);
    found.extend(routes.lines().filter(ours).map(|line| format!("route {line}")));
    Ok(found)
}

/// Processes whose command line names the cluster's folder, and those whose namespace of mounts does:
/// a pod's own programs name nothing of it.
fn processes(root: &Path) -> Vec<String> {
    let root = root.to_string_lossy();
    let me = std::process::id().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let numbers = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    numbers
        .filter(|pid| *pid != me)
        .filter_map(|pid| {
            let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let words = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            let mounts = String::from_utf8_lossy(&read("mountinfo")).into_owned();
            let inside = format!(" {root}/node");
            let ours = words.contains(&format!("{root}/")) || mounts.contains(&inside);
            ours.then(|| format!("process {pid} {words}"))
        })
        .collect()
}

fn link(name: &str) -> Option<String> {
    network::link_exists(name).then(|| format!("link {name}"))
}

/// Fails with a list when something is left.
pub(super) fn assert_none(spec: &Spec) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let found = of(spec)?;
        if found.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("left of cluster {}:\n{}", spec.name, found.join("\n"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

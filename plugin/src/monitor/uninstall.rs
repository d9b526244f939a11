//! `monitor uninstall`: delete, and stay until nothing is left.

use std::time::Duration;

use anyhow::bail;
use k8s_openapi::api::{apps::v1::DaemonSet, core::v1::ConfigMap};
use tokio::time::{Instant, sleep};

use cluster::{Cluster, objects, pods};

use super::{absent, manifest};
use crate::{cli::UninstallArgs, exit::Exit, output::Stdout};

/// Pause between two looks at what is left.
const POLL: Duration = Duration::from_millis(100);
/// How long to stay. A probe has 5 s to end, and a node may be slow.
const LIMIT: Duration = Duration::from_mins(1);
/// How long a controller may take to see a new DaemonSet. One that sees none for so long does not run.
const SEEN_LIMIT: Duration = Duration::from_secs(5);

/// Removes a standing probe.
///
/// # Errors
///
/// kubectl's `NotFound` when there is none; when the cluster refuses or does not finish.
pub(super) async fn run(cluster: &Cluster, args: &UninstallArgs) -> anyhow::Result<Exit> {
    let name = &args.name;
    let anchor = objects::find::<ConfigMap>(cluster, name).await?;
    let anchor = anchor.is_some_and(|anchor| manifest::is_ours(&anchor.metadata, name));
    let daemon_set = objects::find::<DaemonSet>(cluster, name).await?;
    let daemon_set = daemon_set.filter(|found| manifest::is_ours(&found.metadata, name));
    if !anchor && daemon_set.is_none() {
        if args.ignore_not_found {
            return Ok(Exit::Success);
        }
        return Err(absent(name));
    }
    remove(cluster, name, anchor, daemon_set.as_ref()).await?;
    let kind = if daemon_set.is_some() { "daemonset.apps" } else { "configmap" };
    let mut stdout = Stdout::new();
    stdout.write(format!("{kind}/{name} uninstalled\n").as_bytes())?;
    stdout.flush()?;
    Ok(Exit::Success)
}

/// Deletes what is there of a standing probe and stays until its pods are gone. The anchor goes first: from then on the
/// garbage collector removes the rest, whether or not we live to ask for it. Either may be alone, after a killed install
/// or by somebody's hand.
pub(super) async fn remove(
    cluster: &Cluster,
    name: &str,
    anchor: bool,
    daemon_set: Option<&DaemonSet>,
) -> anyhow::Result<()> {
    if let Some(daemon_set) = daemon_set {
        wait_until_seen(cluster, name, daemon_set).await;
    }
    let orphaned =
        if anchor { objects::delete::<ConfigMap>(cluster, name).await } else { Ok(false) };
    // Quicker than the garbage collector; and when the anchor may not go, the probes are to end nevertheless.
    if let Some(daemon_set) = daemon_set {
        let ended = objects::delete::<DaemonSet>(cluster, name).await;
        orphaned.and(ended)?;
        remove_parts(cluster, manifest::carried_in(daemon_set)).await?;
    } else {
        orphaned?;
    }
    wait_until_gone(cluster, name).await
}

/// Deletes what carried probes came in.
pub(super) async fn remove_parts(
    cluster: &Cluster,
    names: impl IntoIterator<Item = String>,
) -> anyhow::Result<()> {
    for name in names {
        objects::delete::<ConfigMap>(cluster, &name).await?;
    }
    Ok(())
}

/// Stays until its controller has made the pods of a DaemonSet that was only just created. If it were deleted before, the
/// controller would make them all the same, from what it knows, and after we had seen that there are none: the garbage
/// collector finds them, but later. Whatever keeps us from seeing it keeps nothing from being deleted.
async fn wait_until_seen(cluster: &Cluster, name: &str, daemon_set: &DaemonSet) {
    let begun = Instant::now();
    let mut is_seen = has_been_seen(daemon_set);
    while !is_seen && begun.elapsed() < SEEN_LIMIT {
        sleep(POLL).await;
        let found = objects::find::<DaemonSet>(cluster, name).await;
        is_seen = !found.is_ok_and(|found| found.is_some_and(|found| !has_been_seen(&found)));
    }
}

/// Whether its controller has acted on it: it says so after it has made the pods.
fn has_been_seen(daemon_set: &DaemonSet) -> bool {
    let observed = daemon_set.status.as_ref().and_then(|status| status.observed_generation);
    observed.is_some_and(|observed| observed > 0)
}

async fn wait_until_gone(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        let pods = pods::list(cluster, &cluster.namespace, &manifest::selector(name)).await?;
        if pods.is_empty() && objects::find::<DaemonSet>(cluster, name).await?.is_none() {
            return Ok(());
        }
        sleep(POLL).await;
    }
    bail!(
        "standing probe {name} is deleted, but the cluster has not removed all its pods within {} s",
        LIMIT.as_secs()
    );
}

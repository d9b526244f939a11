//! `monitor install`: apply, then wait until every node has its probe.

use std::time::Duration;

use anyhow::{Context as _, bail};
use k8s_openapi::api::apps::v1::DaemonSet;
use tokio::time::{Instant, sleep};

use super::{manifest, targets};
use crate::{
    api::{Cluster, config_maps, daemon_sets, events, pods},
    checking::diagnosis::{self, Sign},
    cli::InstallArgs,
    exit::Exit,
    output::Stdout,
};

/// Pause between two looks at the DaemonSet.
const POLL: Duration = Duration::from_millis(250);
/// How long trouble has to last before it is taken for what it is: events and states of an earlier rollout fade.
const TROUBLE: Duration = Duration::from_secs(3);

/// Installs a standing probe, or changes the one that is there.
///
/// # Errors
///
/// When a target is not understood, the cluster refuses, or the probes do not come up.
pub(super) async fn run(cluster: &Cluster, args: &InstallArgs) -> anyhow::Result<Exit> {
    let name = &args.name;
    let (plan_json, checks) = targets::plan(cluster, args).await?;
    refuse_foreign(cluster, name).await?;
    let anchor = config_maps::apply(cluster, &manifest::config_map(name, &plan_json)).await?;
    let uid = anchor.metadata.uid.context("the API server gave the ConfigMap no uid")?;
    let wanted = manifest::daemon_set(name, &args.probe_image, &plan_json, &uid);
    let applied = daemon_sets::apply(cluster, &wanted).await?;
    let nodes = wait(cluster, name, applied, args.rollout_timeout).await?;
    let mut stdout = Stdout::new();
    let seconds = args.every.as_secs_f64();
    stdout.write(
        format!(
            "daemonset.apps/{name} installed: {nodes} probes, {checks} checks every {seconds}s\n"
        )
        .as_bytes(),
    )?;
    stdout.flush()?;
    Ok(Exit::Success)
}

/// Forced apply would take over whatever has the name.
async fn refuse_foreign(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let config_map = config_maps::find(cluster, name).await?.map(|object| object.metadata);
    let daemon_set = daemon_sets::find(cluster, name).await?.map(|object| object.metadata);
    for (kind, metadata) in [("configmap", config_map), ("daemonset", daemon_set)] {
        if metadata.is_some_and(|metadata| !manifest::is_ours(&metadata, name)) {
            bail!(
                "{kind} {name:?} in namespace {:?} was not made by kubectl pods: choose another --name",
                cluster.namespace
            );
        }
    }
    Ok(())
}

/// Waits until all probes of this generation are ready and gives their number.
async fn wait(
    cluster: &Cluster,
    name: &str,
    applied: DaemonSet,
    limit: Duration,
) -> anyhow::Result<i32> {
    let generation = applied.metadata.generation;
    let begun = Instant::now();
    let mut state = "not seen by its controller".to_owned();
    while begun.elapsed() < limit {
        let daemon_set = daemon_sets::find(cluster, name)
            .await?
            .context("the DaemonSet was deleted meanwhile")?;
        let status = daemon_set.status.unwrap_or_default();
        if status.observed_generation >= generation && generation.is_some() {
            let (desired, updated, ready) = (
                status.desired_number_scheduled,
                status.updated_number_scheduled.unwrap_or(0),
                status.number_available.unwrap_or(0),
            );
            if desired > 0 && updated == desired && ready == desired {
                return Ok(desired);
            }
            state = format!("{ready} of {desired} probes are ready");
        }
        if begun.elapsed() > TROUBLE
            && let Some(trouble) = trouble(cluster, name).await
        {
            bail!("{}: {trouble}", not_running(name));
        }
        sleep(POLL).await;
    }
    bail!("{}: {state} after {} s", not_running(name), limit.as_secs());
}

fn not_running(name: &str) -> String {
    format!(
        "standing probe {name} is installed but does not run everywhere (kubectl pods monitor uninstall removes it)"
    )
}

/// The first reason why a probe will not come up.
async fn trouble(cluster: &Cluster, name: &str) -> Option<String> {
    let pods = pods::list(cluster, &cluster.namespace, &manifest::selector(name)).await.ok()?;
    let alive = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let hopeless = alive.clone().find_map(|pod| match diagnosis::read(pod) {
        Sign::Hopeless(reason) | Sign::Unschedulable(reason) => {
            let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
            Some(format!("on node {}: {reason}", node.unwrap_or("<none>")))
        }
        _ => None,
    });
    if hopeless.is_some() || alive.count() > 0 {
        return hopeless;
    }
    // No pod at all: quota or admission refuses them, and the DaemonSet's events say so.
    let warnings =
        events::about(cluster, &cluster.namespace, ("DaemonSet", name), events::Kind::Warning);
    let warnings = warnings.await.ok()?;
    warnings.into_iter().last()
}

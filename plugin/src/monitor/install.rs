//! `monitor install`: apply, then wait until every node has its probe.

use std::time::Duration;

use anyhow::{Context as _, bail};
use k8s_openapi::api::apps::v1::DaemonSet;
use tokio::time::{Instant, sleep, timeout};

use super::{manifest, targets, uninstall};
use crate::{
    api::{Cluster, config_maps, daemon_sets, events, pods},
    checking::diagnosis::{self, Sign},
    cli::InstallArgs,
    exit::Exit,
    output::Stdout,
    signals::Signals,
};

/// Pause between two looks at the DaemonSet.
const POLL: Duration = Duration::from_millis(250);
/// How long trouble has to last before it is taken for what it is: events and states of an earlier rollout fade.
const TROUBLE: Duration = Duration::from_secs(3);

/// How long an answer that is under way is waited for when a signal asks us to stop.
const SETTLE: Duration = Duration::from_secs(2);

/// Installs a standing probe, or changes the one that is there. A new one that runs nowhere, or whose start is
/// interrupted, is removed again; one that was there before stays, with the new plan.
///
/// # Errors
///
/// When a target is not understood, the cluster refuses, or the probes do not come up.
pub(super) async fn run(cluster: &Cluster, args: &InstallArgs) -> anyhow::Result<Exit> {
    let name = &args.name;
    let (plan_json, checks) = targets::plan(cluster, args).await?;
    let is_new = refuse_foreign(cluster, name).await?;
    let mut signals = Signals::listen()?;
    let outcome = install(cluster, args, &plan_json, &mut signals).await;
    match outcome {
        Ok(Rollout::Everywhere(nodes)) => report(args, nodes, checks),
        Ok(Rollout::Interrupted(exit)) => {
            if is_new {
                undo(cluster, name).await?;
            }
            Ok(exit)
        }
        Ok(Rollout::Nowhere(why)) if is_new => {
            undo(cluster, name).await?;
            bail!("standing probe {name} does not start and is removed again: {why}")
        }
        Ok(Rollout::Nowhere(why) | Rollout::Partly(why)) => bail!(
            "standing probe {name} is installed but does not run everywhere (kubectl pods monitor uninstall removes it): {why}"
        ),
        Err(error) => Err(error),
    }
}

/// How far an installation came.
enum Rollout {
    /// A probe is ready on each of so many nodes.
    Everywhere(i32),
    /// Some nodes have theirs; why others do not.
    Partly(String),
    /// No probe is ready, and why.
    Nowhere(String),
    /// A signal came first.
    Interrupted(Exit),
}

/// Applies and waits, until a signal comes.
async fn install(
    cluster: &Cluster,
    args: &InstallArgs,
    plan_json: &str,
    signals: &mut Signals,
) -> anyhow::Result<Rollout> {
    let mut applying = Box::pin(apply(cluster, args, plan_json));
    let applied = tokio::select! {
        applied = &mut applying => applied?,
        exit = signals.next() => {
            // What is under way might be carried out after the deletion of what it makes: let it come to its answer.
            let _ = timeout(SETTLE, applying).await;
            return Ok(Rollout::Interrupted(exit));
        }
    };
    tokio::select! {
        rollout = Box::pin(wait(cluster, &args.name, applied, args.rollout_timeout)) => rollout,
        exit = signals.next() => Ok(Rollout::Interrupted(exit)),
    }
}

async fn apply(
    cluster: &Cluster,
    args: &InstallArgs,
    plan_json: &str,
) -> anyhow::Result<DaemonSet> {
    let anchor = config_maps::apply(cluster, &manifest::config_map(&args.name, plan_json)).await?;
    let uid = anchor.metadata.uid.context("the API server gave the ConfigMap no uid")?;
    let wanted = manifest::daemon_set(&args.name, &args.probe_image, plan_json, &uid);
    daemon_sets::apply(cluster, &wanted).await
}

/// Removes what this run made.
async fn undo(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    uninstall::remove(cluster, name, true, true)
        .await
        .with_context(|| format!("standing probe {name} could not be removed again"))
}

fn report(args: &InstallArgs, nodes: i32, checks: usize) -> anyhow::Result<Exit> {
    let (name, seconds) = (&args.name, args.every.as_secs_f64());
    let line = format!(
        "daemonset.apps/{name} installed: {nodes} probes, {checks} checks every {seconds}s\n"
    );
    let mut stdout = Stdout::new();
    stdout.write(line.as_bytes())?;
    stdout.flush()?;
    Ok(Exit::Success)
}

/// Forced apply would take over whatever has the name. Gives whether nothing has it.
async fn refuse_foreign(cluster: &Cluster, name: &str) -> anyhow::Result<bool> {
    let config_map = config_maps::find(cluster, name).await?.map(|object| object.metadata);
    let daemon_set = daemon_sets::find(cluster, name).await?.map(|object| object.metadata);
    let is_new = config_map.is_none() && daemon_set.is_none();
    for (kind, metadata) in [("configmap", config_map), ("daemonset", daemon_set)] {
        if metadata.is_some_and(|metadata| !manifest::is_ours(&metadata, name)) {
            bail!(
                "{kind} {name:?} in namespace {:?} was not made by kubectl pods: choose another --name",
                cluster.namespace
            );
        }
    }
    Ok(is_new)
}

/// Waits until all probes of this generation are ready, or one says why it never will be.
async fn wait(
    cluster: &Cluster,
    name: &str,
    applied: DaemonSet,
    limit: Duration,
) -> anyhow::Result<Rollout> {
    let generation = applied.metadata.generation;
    let begun = Instant::now();
    let mut state = "not seen by its controller".to_owned();
    let mut running = 0;
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
                return Ok(Rollout::Everywhere(desired));
            }
            running = ready;
            state = format!("{ready} of {desired} probes are ready");
        }
        if begun.elapsed() > TROUBLE
            && let Some(trouble) = trouble(cluster, name).await
        {
            return Ok(Rollout::stuck(running, trouble));
        }
        sleep(POLL).await;
    }
    Ok(Rollout::stuck(running, format!("{state} after {} s", limit.as_secs())))
}

impl Rollout {
    fn stuck(running: i32, why: String) -> Self {
        if running == 0 { Self::Nowhere(why) } else { Self::Partly(why) }
    }
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

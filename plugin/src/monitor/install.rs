//! `monitor install`: apply, then wait until every node has its probe.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use k8s_openapi::api::{apps::v1::DaemonSet, core::v1::ConfigMap};
use tokio::time::timeout;

use cluster::{Cluster, objects};

use super::{
    manifest,
    rollout::{self, Rollout},
    targets, uninstall,
};
use crate::{
    cli::InstallArgs,
    exit::Exit,
    output::{self, Stdout},
    signals::Signals,
    targets::Target,
};

/// How long an answer that is under way is waited for when a signal asks us to stop.
const SETTLE: Duration = Duration::from_secs(2);
/// How long an API server may take to remove what this run made. Its pods alone have a minute.
const UNDO_LIMIT: Duration = Duration::from_secs(90);

/// Installs a standing probe, or changes the one that is there. A new one that is refused half-way, runs nowhere, or
/// whose start is interrupted, is removed again; one that was there before stays, with the new plan.
///
/// # Errors
///
/// When a target is not understood, the cluster refuses, or the probes do not come up.
pub(super) async fn run(
    cluster: &Cluster,
    args: &InstallArgs,
    targets: &[Target],
) -> anyhow::Result<Exit> {
    let name = &args.name;
    let (plan_json, checks) = targets::plan(cluster, args, targets).await?;
    let is_new = refuse_foreign(cluster, name).await?;
    let mut signals = Signals::listen()?;
    let outcome = install(cluster, args, &plan_json, &mut signals).await;
    match outcome {
        Ok(Rollout::Everywhere(nodes)) => report(args, nodes, checks),
        Ok(Rollout::Interrupted(exit)) => {
            if is_new && let Err(left) = undo(cluster, name, &mut signals).await {
                output::warning(&format!("{left:#}"));
            }
            Ok(exit)
        }
        Ok(Rollout::Nowhere(why)) if is_new => {
            undo(cluster, name, &mut signals).await?;
            bail!("standing probe {name} does not start and is removed again: {why}")
        }
        Ok(Rollout::Nowhere(why) | Rollout::Partly(why)) => bail!(
            "standing probe {name} is installed but does not run everywhere (kubectl pods monitor uninstall removes it): {why}"
        ),
        Err(error) => {
            // The user is to read why it was not installed; what could not be tidied comes beside it.
            if is_new && let Err(left) = undo(cluster, name, &mut signals).await {
                output::warning(&format!("{left:#}"));
            }
            Err(error)
        }
    }
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
        rollout = Box::pin(rollout::wait(cluster, &args.name, &applied, args.rollout_timeout)) => rollout,
        exit = signals.next() => Ok(Rollout::Interrupted(exit)),
    }
}

async fn apply(
    cluster: &Cluster,
    args: &InstallArgs,
    plan_json: &str,
) -> anyhow::Result<DaemonSet> {
    let anchor = objects::apply(cluster, &manifest::config_map(&args.name, plan_json)).await?;
    let uid = anchor.metadata.uid.context("the API server gave the ConfigMap no uid")?;
    let wanted = manifest::daemon_set(&args.name, &args.probe_image, plan_json, &uid);
    objects::apply(cluster, &wanted).await
}

/// Removes what this run made, until a further signal comes. Only what is there is deleted: who may not create a thing
/// often may not delete it either.
async fn undo(cluster: &Cluster, name: &str, signals: &mut Signals) -> anyhow::Result<()> {
    let removed = async {
        let anchor = objects::find::<ConfigMap>(cluster, name).await?.is_some();
        let daemon_set = objects::find::<DaemonSet>(cluster, name).await?.is_some();
        if anchor || daemon_set {
            uninstall::remove(cluster, name, anchor, daemon_set).await?;
        }
        anyhow::Ok(())
    };
    let removed = tokio::select! {
        removed = timeout(UNDO_LIMIT, removed) => removed.context("no answer").flatten(),
        _ = signals.next() => Err(anyhow!("interrupted again")),
    };
    removed.with_context(|| {
        format!("standing probe {name} could not be removed again (kubectl pods monitor uninstall removes it)")
    })
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
    let config_map = objects::find::<ConfigMap>(cluster, name).await?.map(|object| object.metadata);
    let daemon_set = objects::find::<DaemonSet>(cluster, name).await?.map(|object| object.metadata);
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

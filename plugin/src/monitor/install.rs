//! `monitor install`: apply, then wait until every node has its probe.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use k8s_openapi::api::{apps::v1::DaemonSet, core::v1::ConfigMap};
use tokio::time::timeout;

use cluster::{
    Cluster,
    objects::{self, Object},
};

use super::{
    manifest::{self, Objects, Values},
    rollout::{self, Missing, Rollout},
    targets, uninstall,
};
use crate::{
    cli::InstallArgs,
    exit::Exit,
    launch::{self, Carrier, Creation, PodShape},
    output::{self, Stdout},
    pods::advised,
    signals::Signals,
    targets::{Addressing, Target},
};

/// How long an answer that is under way is waited for when what it makes is to be removed: an API server gives up its
/// work on a request after a minute.
const SETTLE_LIMIT: Duration = Duration::from_secs(65);
/// How long an API server may take to remove what this run made. Its pods alone have a minute.
const UNDO_LIMIT: Duration = Duration::from_secs(90);

/// Installs a standing probe, or changes the one that is there. A new one that is refused half-way, runs nowhere, or
/// whose start is interrupted, is removed again; one that was there before stays, with the new plan. Nodes that cannot
/// take a probe are named, and change nothing for the others.
///
/// # Errors
///
/// When a target is not understood, the cluster refuses, or the probes do not come up.
pub(super) async fn run(
    cluster: &Cluster,
    args: &InstallArgs,
    targets: &[Target],
    addressing: &Addressing,
    carrier: Option<Carrier>,
) -> anyhow::Result<Exit> {
    let name = &args.name;
    let (plan_json, checks) = targets::plan(cluster, args, targets, addressing).await?;
    let cluster = &cluster.in_namespace(args.pod.probe_namespace.as_deref());
    let carrier = launch::within(carrier, cluster).await;
    let before = refuse_foreign(cluster, name).await?;
    let is_new = before.is_new();
    let mut signals = Signals::listen()?;
    let mut parts = Parts::default();
    let outcome = tokio::select! {
        outcome = Box::pin(install(cluster, args, carrier.as_ref(), &plan_json, &before, &mut parts)) => outcome,
        exit = signals.next() => Ok(Rollout::Interrupted(exit)),
    };
    match outcome {
        Ok(Rollout::Everywhere(nodes)) => {
            report(args, &nodes.to_string(), checks)?;
            Ok(Exit::Success)
        }
        Ok(Rollout::Partly { ready, wanted, missing }) => {
            report(args, &format!("{ready} of {wanted}"), checks)?;
            missing.iter().for_each(tell);
            Ok(Exit::NotEverywhere)
        }
        Ok(Rollout::Interrupted(exit)) => {
            if is_new && let Err(left) = undo(cluster, name, &mut parts, &mut signals).await {
                output::warning(&format!("{left:#}"));
            }
            Ok(exit)
        }
        Ok(Rollout::Nowhere(why)) if is_new => {
            undo(cluster, name, &mut parts, &mut signals).await?;
            bail!("standing probe {name} does not start and is removed again: {why}")
        }
        Ok(Rollout::Nowhere(why)) => bail!(
            "standing probe {name} is installed but runs nowhere (kubectl pods monitor uninstall removes it): {why}"
        ),
        Err(error) => {
            // The user is to read why it was not installed; what could not be tidied comes beside it.
            if is_new && let Err(left) = undo(cluster, name, &mut parts, &mut signals).await {
                output::warning(&format!("{left:#}"));
            }
            Err(error)
        }
    }
}

/// What this run has begun to make.
#[derive(Default)]
struct Parts {
    anchor: Option<Creation<ConfigMap>>,
    /// By name.
    carried: Vec<(String, Creation<ConfigMap>)>,
    daemon_set: Option<Creation<DaemonSet>>,
}

impl Parts {
    /// Waits until it is known what was made, for [`SETTLE_LIMIT`] each at most. Gives the names of what carries the probes,
    /// which nothing else knows as long as there is no DaemonSet.
    async fn settle(&mut self) -> Vec<String> {
        if let Some(anchor) = &mut self.anchor {
            anchor.may_exist(SETTLE_LIMIT).await;
        }
        let mut carried = Vec::new();
        for (name, config_map) in &mut self.carried {
            if config_map.may_exist(SETTLE_LIMIT).await {
                carried.push(name.clone());
            }
        }
        if let Some(daemon_set) = &mut self.daemon_set {
            daemon_set.may_exist(SETTLE_LIMIT).await;
        }
        carried
    }

    /// Whether something may be made that nobody has seen.
    fn is_uncertain(&self) -> bool {
        let carried = self.carried.iter().map(|(_, config_map)| config_map);
        self.anchor.iter().chain(carried).any(Creation::is_uncertain)
            || self.daemon_set.as_ref().is_some_and(Creation::is_uncertain)
    }
}

/// Applies and waits.
async fn install(
    cluster: &Cluster,
    args: &InstallArgs,
    carrier: Option<&Carrier>,
    plan_json: &str,
    before: &Before,
    parts: &mut Parts,
) -> anyhow::Result<Rollout> {
    let shape = PodShape::new(&args.pod);
    let (name, image) = (&args.name, &args.probe_image);
    let values = Values { name, image, plan_json, carrier, shape: &shape };
    let Objects { config_map, carried, mut daemon_set } = manifest::objects(&values)?;
    let anchor = parts.anchor.insert(apply(cluster, config_map)).answer().await;
    let anchor = anchor.map_err(advised)?;
    for mut part in carried {
        manifest::own(&anchor, &mut part.metadata)?;
        let name = part.metadata.name.clone().unwrap_or_default();
        parts.carried.push((name, apply(cluster, part)));
    }
    for (_, part) in &mut parts.carried {
        part.answer().await.map_err(advised)?;
    }
    manifest::own(&anchor, &mut daemon_set.metadata)?;
    let superseded = before.superseded_by(&daemon_set);
    let daemon_set = parts.daemon_set.insert(apply(cluster, daemon_set));
    let applied = daemon_set.answer().await.map_err(advised)?;
    let rollout = rollout::wait(cluster, name, &applied, args.rollout_timeout).await?;
    uninstall::remove_parts(cluster, superseded).await?;
    Ok(rollout)
}

fn apply<K: Object + Send + Sync + 'static>(cluster: &Cluster, object: K) -> Creation<K> {
    let cluster = cluster.clone();
    Creation::begin(async move { objects::apply(&cluster, &object).await })
}

/// Removes what this run made, until a further signal comes. Only what is there is deleted: who may not create a thing
/// often may not delete it either.
async fn undo(
    cluster: &Cluster,
    name: &str,
    parts: &mut Parts,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    let removed = async {
        // What is under way might be carried out after the deletion of what it makes.
        let carried = parts.settle().await;
        let removal = Box::pin(async {
            remove(cluster, name).await?;
            uninstall::remove_parts(cluster, carried).await
        });
        timeout(UNDO_LIMIT, removal).await.context("no answer").flatten()
    };
    let removed = signals.clean_up(Box::pin(removed)).await;
    let uncertain = parts.is_uncertain();
    removed.unwrap_or_else(|| Err(anyhow!("interrupted again"))).with_context(|| {
        let may = if uncertain { " may have been created; it" } else { "" };
        format!("standing probe {name}{may} could not be removed again (kubectl pods monitor uninstall removes it)")
    })
}

async fn remove(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let anchor = objects::find::<ConfigMap>(cluster, name).await?.is_some();
    let daemon_set = objects::find::<DaemonSet>(cluster, name).await?;
    if anchor || daemon_set.is_some() {
        uninstall::remove(cluster, name, anchor, daemon_set.as_ref()).await?;
    }
    Ok(())
}

/// Names nodes that have no probe.
fn tell(missing: &Missing) {
    let place = missing.place().unwrap_or_else(|| format!("on {} more", missing.nodes.len()));
    output::warning(&format!("no probe {place}: {}", missing.reason));
}

fn report(args: &InstallArgs, probes: &str, checks: usize) -> anyhow::Result<()> {
    let (name, seconds) = (&args.name, args.every.as_secs_f64());
    let line = format!(
        "daemonset.apps/{name} installed: {probes} probes, {checks} checks every {seconds}s\n"
    );
    let mut stdout = Stdout::new();
    stdout.write(line.as_bytes())?;
    stdout.flush()
}

/// What has the name already.
struct Before {
    anchor: bool,
    daemon_set: Option<DaemonSet>,
}

impl Before {
    const fn is_new(&self) -> bool {
        !self.anchor && self.daemon_set.is_none()
    }

    /// Names of what probes were carried in, and will not be any more.
    fn superseded_by(&self, daemon_set: &DaemonSet) -> Vec<String> {
        let mut names = self.daemon_set.as_ref().map_or_else(Vec::new, manifest::carried_in);
        let still = manifest::carried_in(daemon_set);
        names.retain(|name| !still.contains(name));
        names
    }
}

/// Forced apply would take over whatever has the name. Gives what of ours has it.
async fn refuse_foreign(cluster: &Cluster, name: &str) -> anyhow::Result<Before> {
    let config_map = objects::find::<ConfigMap>(cluster, name).await?;
    let daemon_set = objects::find::<DaemonSet>(cluster, name).await?;
    let config_map = config_map.as_ref().map(|object| &object.metadata);
    let found = [
        ("configmap", config_map),
        ("daemonset", daemon_set.as_ref().map(|object| &object.metadata)),
    ];
    for (kind, metadata) in found {
        if metadata.is_some_and(|metadata| !manifest::is_ours(metadata, name)) {
            bail!(
                "{kind} {name:?} in namespace {:?} was not made by kubectl pods: choose another --name",
                cluster.namespace
            );
        }
    }
    Ok(Before { anchor: config_map.is_some(), daemon_set })
}

//! Targets of a standing probe: what they mean from now on, not only now.

use std::ptr;

use anyhow::bail;

use cluster::Cluster;
use kubectl_pods_report::{Family, Observation};

use crate::{
    cli::InstallArgs,
    launch, output,
    targets::{
        self, Addressing, AttemptOptions, Place, Resolution, Resolved, Target, TargetKind, Wanted,
    },
};

/// Targets that a standing probe can follow, from what was typed.
///
/// # Errors
///
/// When a word is no target, names no port where nothing declares one, is an address of another family than `family`, or means
/// pods that come and go.
pub(super) fn parse(words: &[String], family: Option<Family>) -> anyhow::Result<Vec<Target>> {
    let targets = words.iter().map(|text| text.parse()).collect::<Result<Vec<Target>, _>>()?;
    for target in &targets {
        if let Place::Object(kind, name) = &target.place
            && !matches!(kind, TargetKind::Pod | TargetKind::Service)
        {
            bail!(
                "target {:?}: the pods of a {} come and go: give a Service in front of them, as in svc/{name}",
                target.text,
                kind.short()
            );
        }
    }
    targets::refuse_unfit(&targets, Wanted { family, ..Wanted::default() })?;
    Ok(targets)
}

/// The plan that the flags ask for, as the probe will read it, and how many checks it has.
///
/// A Service is checked by its name in the cluster's DNS, and so followed wherever it moves. A pod has no such name:
/// its address is taken as it is now, and the user is told.
///
/// # Errors
///
/// When a target does not exist, or has no port or no address.
pub(super) async fn plan(
    cluster: &Cluster,
    args: &InstallArgs,
    targets: &[Target],
    addressing: &Addressing,
) -> anyhow::Result<(String, usize)> {
    let mut found = targets::resolve(
        Some(cluster),
        targets,
        Wanted {
            fallback: None,
            family: addressing.family,
            protocol: args.attempt.protocol.map(Into::into),
        },
        args.rollout_timeout.saturating_add(launch::GRACE),
    )
    .await?;
    targets::notes(&found).into_iter().for_each(output::warning);
    let mut pinned = Vec::new();
    for one in &mut found {
        follow(one, &cluster.namespace, &mut pinned)?;
    }
    let found = one_check_each(found);
    if !pinned.is_empty() {
        output::warning(&format!(
            "pods are watched at their address of this moment ({}); a Service (svc/NAME) is followed",
            pinned.join(", ")
        ));
    }
    let addressing = addressing.clone().within(&cluster.namespace);
    let options = AttemptOptions::new(&args.attempt, 1, addressing);
    let mut plan = targets::plan(&found, &options).plan;
    (plan.every_seconds, plan.max_attempt_records) = (Some(args.every.as_secs_f64()), None);
    let json = serde_json::to_string_pretty(&plan)?;
    // By the very code that the probe will read it with: so nothing is installed that no probe accepts.
    probe::StandingPlan::parse(json.as_bytes())?;
    Ok((json, plan.checks.len()))
}

/// Of one target: endpoints behind one name are one check, and a pod's second address has a label of its own. What was typed
/// twice is the user's to mend.
fn one_check_each(found: Vec<Resolved<'_>>) -> Vec<Resolved<'_>> {
    let mut kept: Vec<Resolved<'_>> = Vec::new();
    for mut one in found {
        let mut of_target = kept.iter().filter(|other| ptr::eq(one.target, other.target));
        if of_target.clone().any(|other| *other == one) {
            continue;
        }
        if let Resolution::Try(host, _) = &one.what
            && of_target.any(|other| other.label == one.label)
        {
            one.label = format!("{} ({host})", one.label);
        }
        kept.push(one);
    }
    kept
}

fn follow(
    found: &mut Resolved<'_>,
    namespace: &str,
    pinned: &mut Vec<String>,
) -> anyhow::Result<()> {
    let target = found.target;
    // Endpoints come and go, and a standing probe looks nothing up.
    found.standby.clear();
    match (&mut found.what, &target.place) {
        (Resolution::Settled(Observation::Absent, words), _) => {
            return Err(targets::absent(words));
        }
        // A headless Service without endpoints is no reason not to watch it, but then its port is not known.
        (Resolution::Settled(_, problem), _) => bail!("cannot watch {}: {problem}", target.text),
        (Resolution::Try(host, _), Place::Object(TargetKind::Service, name)) => {
            let (namespace, name) = targets::in_namespace(name, namespace);
            *host = format!("{name}.{namespace}.svc");
        }
        (Resolution::Try(host, _), Place::Object(TargetKind::Pod, name)) => {
            let text = format!("{name} {host}");
            if !pinned.contains(&text) {
                pinned.push(text);
            }
        }
        (Resolution::Try(..), _) => {}
    }
    Ok(())
}

//! A second probe where the first came before the others in its pod were ready.

use std::{iter::zip, time::Duration};

use kubectl_pods_report::Plan;

use cluster::Cluster;

use super::{
    carrier::Carrier,
    job::Placement,
    outcome::{Brought, Outcome},
    run::run as once,
};
use crate::{exit::Exit, output};

/// What becomes of what the first probes brought.
enum Next {
    /// It was told.
    Told(Exit),
    /// Some of it is worth another probe each, at these places: `(of which of them, where)`.
    Again(Vec<Brought>, Vec<(usize, Placement)>),
}

/// Has each of `placements` carry out `plan` in the cluster, if need be twice, gives what they brought to `tell`, and
/// removes every trace of it meanwhile. What is still in doubt then is said to be unknown.
///
/// # Errors
///
/// As [`once`].
pub(crate) async fn run(
    cluster: &Cluster,
    plan: &Plan,
    placements: &[Placement],
    carrier: Option<&Carrier>,
    tell: impl AsyncFn(Vec<Brought>) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let tell = async |brought: Vec<Brought>| tell(settled(plan, brought)).await;
    let first = async |brought: Vec<Brought>| match later(placements, &brought) {
        again if again.is_empty() => tell(brought).await.map(Next::Told),
        again => Ok(Next::Again(brought, again)),
    };
    let (mut brought, again) = match once(cluster, plan, placements, carrier, first).await? {
        Outcome::Stopped(exit) | Outcome::Done(Next::Told(exit)) => return Ok(exit),
        Outcome::Done(Next::Again(brought, again)) => (brought, again),
    };
    let (which, again): (Vec<usize>, Vec<Placement>) = again.into_iter().unzip();
    let second = async |second| {
        replace(&mut brought, which, second);
        tell(brought).await
    };
    match once(cluster, plan, &again, carrier, second).await? {
        Outcome::Stopped(exit) | Outcome::Done(exit) => Ok(exit),
    }
}

/// What may be said in spite of what is in doubt.
fn settled(plan: &Plan, brought: Vec<Brought>) -> Vec<Brought> {
    let settled = brought.into_iter().map(|brought| {
        let Brought { source, results } = brought;
        Brought::new(
            source.clone(),
            source.problem.map_or_else(|| results.settled(&plan.checks), Err),
        )
    });
    settled.collect()
}

/// Those of `placements` that are worth another probe, each with its pause.
fn later(placements: &[Placement], brought: &[Brought]) -> Vec<(usize, Placement)> {
    let worth = zip(placements, brought).enumerate().filter_map(|(which, (placement, brought))| {
        let later = brought.results.worth_another()?;
        let sidecars = brought.results.doubt.as_ref()?.sidecars.join(", ");
        // As late again as the others were, and some more: no two starts take the same time.
        let after = later.mul_f64(1.5) + Duration::from_secs(1);
        output::note(&format!(
            "container {sidecars} beside the probe was ready {:.1} s after it: a second probe waits {:.1} s",
            later.as_secs_f64(),
            after.as_secs_f64()
        ));
        Some((which, Placement { after, ..placement.clone() }))
    });
    worth.collect()
}

/// Puts what came at the second try in the place of what was in doubt.
fn replace(brought: &mut [Brought], which: Vec<usize>, second: Vec<Brought>) {
    for (which, mut second) in zip(which, second) {
        second.source.id = brought[which].source.id;
        brought[which] = second;
    }
}

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
use crate::output;

/// Has each of `placements` carry out `plan` in the cluster, if need be twice, and removes every trace of it. What is still
/// in doubt then is said to be unknown.
///
/// # Errors
///
/// As [`once`].
pub(crate) async fn run(
    cluster: &Cluster,
    plan: &Plan,
    placements: &[Placement],
    carrier: Option<&Carrier>,
) -> anyhow::Result<Outcome> {
    let mut brought = match once(cluster, plan, placements, carrier).await? {
        Outcome::Done(brought) => brought,
        stopped @ Outcome::Stopped(_) => return Ok(stopped),
    };
    let (again, doubted) = later(placements, &mut brought);
    if !again.is_empty() {
        match once(cluster, plan, &again, carrier).await? {
            Outcome::Done(second) => replace(doubted, second),
            stopped @ Outcome::Stopped(_) => return Ok(stopped),
        }
    }
    let settled = brought.into_iter().map(|brought| {
        let Brought { source, results } = brought;
        Brought::new(
            source.clone(),
            source.problem.map_or_else(|| results.settled(&plan.checks), Err),
        )
    });
    Ok(Outcome::Done(settled.collect()))
}

/// Those of `placements` that are worth another probe, each with its pause, and what they brought.
fn later<'b>(
    placements: &[Placement],
    brought: &'b mut [Brought],
) -> (Vec<Placement>, Vec<&'b mut Brought>) {
    let worth = zip(placements, brought).filter_map(|(placement, brought)| {
        let later = brought.results.worth_another()?;
        let sidecars = brought.results.doubt.as_ref()?.sidecars.join(", ");
        // As late again as the others were, and some more: no two starts take the same time.
        let after = later.mul_f64(1.5) + Duration::from_secs(1);
        output::note(&format!(
            "container {sidecars} beside the probe was ready {:.1} s after it: a second probe waits {:.1} s",
            later.as_secs_f64(),
            after.as_secs_f64()
        ));
        Some((Placement { after, ..placement.clone() }, brought))
    });
    worth.unzip()
}

fn replace(doubted: Vec<&mut Brought>, second: Vec<Brought>) {
    for (first, mut second) in zip(doubted, second) {
        second.source.id = first.source.id;
        *first = second;
    }
}

//! Why the one target of `curl` is not as expected: a line below curl's own words.

use anyhow::Context as _;
use cluster::Cluster;
use kubectl_pods_report::{Cause, CauseKind, Observation, Plan};

use super::report;
use crate::{
    causes,
    exit::Exit,
    launch::Brought,
    output,
    targets::{self, Planned, Resolution, Resolved, Subject},
};

/// Tells the cause of what was `brought` of the one check of `plan`, if it failed and a cause is known.
pub(super) async fn tell(
    cluster: Option<&Cluster>,
    origin: &Resolved<'_>,
    plan: &Plan,
    brought: Brought,
) {
    let subjects = plan.checks.iter().map(|check| Subject::Check(check.id)).collect();
    let planned = Planned { plan: plan.clone(), subjects };
    tell_first(cluster, origin, &planned, vec![brought]).await;
}

/// Tells of a target that is not tried, in the server's words or in ours, and why it is so.
///
/// # Errors
///
/// When it is one that is to be tried.
pub(super) async fn untried(
    cluster: Option<&Cluster>,
    origin: &Resolved<'_>,
) -> anyhow::Result<Exit> {
    let (exit, observation, reason) = match &origin.what {
        Resolution::Settled(Observation::NotRun, reason) => {
            output::note(&format!("error: {reason}"));
            (Exit::Inconclusive, Observation::NotRun, reason)
        }
        Resolution::Settled(Observation::Absent, words) => {
            (output::report(&targets::absent(words)), Observation::Absent, words)
        }
        Resolution::Settled(observation, reason) => {
            output::note(&format!("curl: (7) {reason}"));
            (Exit::Curl(7), *observation, reason)
        }
        Resolution::Try(..) => None.context("a target that is to be tried was not")?,
    };
    let label = origin.label.clone();
    let settled =
        Subject::Settled { label, expect: Vec::new(), observation, reason: reason.clone() };
    let planned = Planned { plan: Plan::once(Vec::new()), subjects: vec![settled] };
    tell_first(cluster, origin, &planned, Vec::new()).await;
    Ok(exit)
}

async fn tell_first(
    cluster: Option<&Cluster>,
    origin: &Resolved<'_>,
    planned: &Planned,
    brought: Vec<Brought>,
) {
    let (mut report, places) = report::report(planned, brought);
    causes::explain(cluster, &vec![origin; places.len()], &mut report).await;
    let mut causes = report.targets.iter().flat_map(|target| &target.causes);
    if let Some(cause) = causes.next() {
        output::note(&for_curl(cause).line());
    }
}

/// `check` can be told which status to expect; `curl` takes every one for an answer, and with `-f` none from 400 on.
fn for_curl(cause: &Cause) -> Cause {
    let mut cause = cause.clone();
    if cause.kind == CauseKind::HttpStatus {
        cause.next = cause.next.filter(|next| !next.contains("--expect"));
    }
    cause
}

//! Some endpoints answer and some do not, so that a client is lucky or not. Two workloads with the same labels look so.

use std::collections::BTreeSet;

use kubectl_pods_report::{Cause, CauseKind, Judgement};

use super::super::{
    container,
    scene::{Direct, Scene},
    words,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let key = scene.service_key()?;
    let direct = scene.direct();
    let (held, failed): (Vec<_>, Vec<_>) =
        direct.iter().partition(|direct| direct.attempt.judgement == Judgement::Held);
    let failed: Vec<&Direct<'_>> =
        failed.into_iter().filter(|direct| direct.attempt.judgement == Judgement::Failed).collect();
    // What is gone is told of as such.
    if held.is_empty() || failed.is_empty() || super::stale_endpoint::cause(scene).is_some() {
        return None;
    }
    let names: Vec<String> = failed.iter().map(|direct| named(direct)).collect();
    let mut message = format!(
        "{} of {} of {} {} not answer: {}",
        failed.len(),
        words::count(direct.len(), "endpoint"),
        scene.object(),
        if failed.len() == 1 { "does" } else { "do" },
        words::some(&names)
    );
    let owners = |of: &[&Direct<'_>]| -> BTreeSet<String> {
        of.iter().filter_map(|direct| owner(scene, direct)).collect()
    };
    let (ours, theirs) = (owners(&held), owners(&failed));
    if !ours.is_empty() && !theirs.is_empty() && ours.is_disjoint(&theirs) {
        let (ours, theirs): (Vec<String>, Vec<String>) =
            (ours.into_iter().collect(), theirs.into_iter().collect());
        message = format!(
            "{message}; those are of {}, those that answer of {}",
            words::some(&theirs),
            words::some(&ours)
        );
    }
    let labels = scene.selector().unwrap_or_default();
    let next = format!("run kubectl get pods -n {} -l {labels} -o wide", key.namespace);
    Some(super::of_service(scene, CauseKind::SomeEndpointsFail, message, next))
}

/// `web-1 (10.0.0.7:8080, refused)`.
fn named(direct: &Direct<'_>) -> String {
    let place = direct.attempt.endpoint().unwrap_or_default();
    let verdict = direct.attempt.verdict;
    match &direct.endpoint.pod {
        Some((name, _)) => format!("{name} ({place}, {verdict})"),
        None => format!("{place} ({verdict})"),
    }
}

/// What made the endpoint's pod: `ReplicaSet web-5d`.
fn owner(scene: &Scene<'_>, direct: &Direct<'_>) -> Option<String> {
    let (name, _) = direct.endpoint.pod.as_ref()?;
    let pod = scene.living_pods().into_iter().find(|pod| container::name(pod) == name)?;
    let owner = pod.metadata.owner_references.iter().flatten().next()?;
    Some(format!("{} {}", owner.kind, owner.name))
}

//! Somebody is there and ready, as the cluster sees it, and is silent. Nothing that is read here says why.

use kubectl_pods_report::{Cause, CauseKind, Observation, Verdict};

use super::super::{container, scene::Scene, words};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if !scene.is_inside || !scene.saw(&[Observation::Dropped]) || !scene.is_served() {
        return None;
    }
    let direct = scene.direct();
    let is_silent = |verdict: Verdict| verdict == Verdict::Seen(Observation::Dropped);
    let ready = scene.living_pods().into_iter().filter(|pod| container::is_ready(pod));
    let names: Vec<&str> = ready.map(container::name).collect();
    let is_behind_a_service = scene.service_key().is_some();
    if names.is_empty()
        || (is_behind_a_service && direct.is_empty())
        || !direct.iter().all(|direct| is_silent(direct.attempt.verdict))
    {
        return None;
    }
    let from = scene.node.map(|node| format!(" from {node}")).unwrap_or_default();
    let (is, does) = if names.len() == 1 { ("is", "does") } else { ("are", "do") };
    let message = format!(
        "{} {is} ready, and {does} not answer{from}, not even at {} own address: a NetworkPolicy, or the network between the nodes",
        words::some(&names),
        if names.len() == 1 { "its" } else { "their" },
    );
    Some(Cause {
        kind: CauseKind::EndpointsSilent,
        message,
        next: Some(format!("run kubectl get networkpolicies -n {}", scene.home())),
        object: None,
    })
}

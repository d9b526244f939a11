//! Clients are sent to endpoints of their own node only, and the probe's node has none.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{scene::Scene, words};
use crate::targets;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, service) = scene.known_service()?;
    let policy = service.spec.as_ref()?.internal_traffic_policy.as_deref();
    let node = scene.node?;
    if policy != Some("Local") || scene.is_headless() || !scene.is_unconnected() {
        return None;
    }
    let endpoints = scene.endpoints().known()?;
    let usable = targets::usable(&endpoints);
    let mut nodes: Vec<&str> = usable.iter().filter_map(|e| e.node.as_deref()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    if nodes.is_empty() || nodes.contains(&node) {
        return None;
    }
    let message = format!(
        "{} is internalTrafficPolicy: Local, and no ready pod of it runs on {node}, where the probe ran; {} {}",
        scene.object(),
        words::some(&nodes),
        if nodes.len() == 1 { "has one" } else { "have some" }
    );
    let next = super::edit_service(scene, "set the policy to Cluster, or run a pod on every node");
    Some(super::of_service(scene, CauseKind::NoLocalEndpoint, message, next))
}

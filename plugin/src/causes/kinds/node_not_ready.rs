//! The pods are on a node that is not ready: what runs there is not reached, or nobody knows.

use k8s_openapi::api::core::v1::{Node, Pod};
use kubectl_pods_report::{Cause, CauseKind, ObjectRef, Observation};

use super::super::{container, scene::Scene, words};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    // Endpoints stay ready for a while after their node has gone.
    let is_silent = scene.saw(&[Observation::Dropped, Observation::NoRoute]);
    if scene.is_served() && !is_silent {
        return None;
    }
    let pods = scene.living_pods();
    let lost = |pod: &&Pod| {
        let node = container::node(pod).and_then(|node| scene.world.node(node).known());
        node.is_some_and(is_lost)
    };
    let lost: Vec<&Pod> = pods.iter().copied().filter(lost).collect();
    // Those on other nodes would answer.
    if lost.is_empty() || lost.len() < pods.len() {
        return None;
    }
    let node = container::node(lost[0])?;
    let names: Vec<&str> = lost.iter().map(|pod| container::name(pod)).collect();
    let verb = if names.len() == 1 { "runs" } else { "run" };
    let message = format!("node {node}, where {} {verb}, is not ready", words::some(&names));
    let object = ObjectRef { kind: "Node".to_owned(), namespace: None, name: node.to_owned() };
    Some(Cause {
        kind: CauseKind::NodeNotReady,
        message,
        next: Some(format!("run kubectl describe node {node}")),
        object: Some(object),
    })
}

fn is_lost(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status != "True")
}

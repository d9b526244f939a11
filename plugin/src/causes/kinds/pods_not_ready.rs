//! Pods are not ready, and no kind above says why: their phase, and what their containers wait for.

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, CauseKind};

use super::{
    super::{container, scene::Scene, words},
    Finding,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if super::HOLD_UPS.iter().any(|kind| kind(scene).is_some()) {
        return None;
    }
    super::blame(scene, CauseKind::PodsNotReady, |pod| find(scene, pod))
}

fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    if container::is_going(pod) {
        return None;
    }
    let waiting = container::waiting(pod, &[]);
    let reason = waiting.and_then(|(_, waiting)| waiting.reason.as_deref());
    let state = match reason {
        Some(reason) => format!("{}: {reason}", container::phase(pod)),
        None => container::phase(pod).to_owned(),
    };
    let events = scene.world.warnings(container::namespace(pod), container::uid(pod));
    let said = events.last().and_then(|event| event.message.as_deref());
    let said = said.map(|said| format!("; {}", words::line(said))).unwrap_or_default();
    Some(Finding { what: format!("is not ready ({state}){said}"), next: super::describe(pod) })
}

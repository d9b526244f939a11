//! Pods are not ready, and no kind above says why: their phase, and what their containers wait for.

use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene, words},
    Finding,
};

pub(super) fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
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
    let event = events.last().and_then(|event| event.message.as_deref()).map(words::line);
    let own = || waiting.and_then(|(_, waiting)| waiting.message.as_deref()).map(words::reason);
    let said = event.or_else(own).map(|said| format!("; {said}")).unwrap_or_default();
    Some(Finding { what: format!("is not ready ({state}){said}"), next: super::describe(pod) })
}

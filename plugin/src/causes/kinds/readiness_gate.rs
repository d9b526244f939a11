//! All containers are ready; the pod waits for a condition that somebody else has to set.

use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene},
    Finding,
};

pub(super) fn find(_: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    container::condition(pod, "ContainersReady").filter(|ready| ready.status == "True")?;
    let gates = pod.spec.as_ref()?.readiness_gates.iter().flatten();
    let mut closed = gates.map(|gate| gate.condition_type.as_str()).filter(|gate| {
        container::condition(pod, gate).is_none_or(|condition| condition.status != "True")
    });
    let gate = closed.next()?;
    Some(Finding {
        what: format!(
            "is not ready: its containers are, but its readiness gate {gate} is not True"
        ),
        next: format!("look after the controller that sets {gate}, or {}", super::describe(pod)),
    })
}

//! Pods are wanted and are not made: a quota, an admission policy or a missing ServiceAccount refuses them.

use kubectl_pods_report::{Cause, CauseKind, ObjectRef};

use super::super::{
    scene::{Scene, Subject, short},
    words,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if !scene.living_pods().is_empty() {
        return None;
    }
    let (kind, workload, refusal) = scene.makers().into_iter().find_map(|(kind, workload)| {
        if workload.wanted == Some(0) {
            return None;
        }
        let events = scene.world.warnings(&scene.home(), &workload.uid).iter().rev();
        let mut failed = events.filter(|event| event.reason.as_deref() == Some("FailedCreate"));
        let said = failed.next().and_then(|event| event.message.clone());
        Some((kind, workload, workload.failure.clone().or(said)?))
    })?;
    let (namespace, name) = (scene.home(), &workload.name);
    let object = format!("{}/{name}", short(kind));
    let refusal = words::line(&refusal);
    let message = match scene.subject {
        Subject::Workload(..) => format!("{object} cannot make its pods: {refusal}"),
        _ => format!("{} has no pods: {object} cannot make them: {refusal}", scene.object()),
    };
    let next = if refusal.contains("quota") {
        format!("run kubectl describe quota -n {namespace}")
    } else {
        format!("run kubectl describe {object} -n {namespace}")
    };
    let object =
        ObjectRef { kind: format!("{kind:?}"), namespace: Some(namespace), name: name.clone() };
    Some(Cause { kind: CauseKind::CreateFailed, message, next: Some(next), object: Some(object) })
}

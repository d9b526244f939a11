//! Every pod is being deleted, and none has come in its place.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene, words};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let pods = scene.living_pods();
    // Also where they still serve by what is known of them: they did not answer.
    if pods.is_empty() || !pods.iter().all(|pod| container::is_going(pod)) {
        return None;
    }
    let names: Vec<&str> = pods.iter().map(|pod| container::name(pod)).collect();
    let message = match scene.subject {
        super::Subject::Pod(_) => format!("pod {} is being deleted", names[0]),
        _ => format!(
            "{} has no ready pod: all that are left are being deleted ({})",
            scene.object(),
            words::some(&names)
        ),
    };
    Some(Cause {
        kind: CauseKind::AllTerminating,
        message,
        next: Some(format!(
            "wait for those that replace them, or run kubectl get pods -n {}",
            scene.home()
        )),
        object: pods.first().map(|pod| super::pod_ref(pod)),
    })
}

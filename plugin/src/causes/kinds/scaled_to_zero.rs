//! Nobody is there because nobody is wanted.

use cluster::workloads::Workload;
use kubectl_pods_report::{Cause, CauseKind, ObjectRef};

use super::super::scene::{Scene, Subject, short};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if !scene.living_pods().is_empty() {
        return None;
    }
    let mut makers = scene.makers().into_iter();
    let idle = makers.find(|(_, workload)| workload.suspended || workload.wanted == Some(0));
    let (kind, workload) = idle?;
    let (namespace, name) = (scene.home(), &workload.name);
    let object = format!("{}/{name}", short(kind));
    let (state, next) = if workload.suspended {
        let patch = format!(
            "kubectl patch job {name} -n {namespace} -p '{{\"spec\":{{\"suspend\":false}}}}'"
        );
        ("is suspended", format!("run {patch}"))
    } else if kind == Workload::DaemonSet {
        (
            "finds no node that it is meant for",
            format!("run kubectl describe {object} -n {namespace}"),
        )
    } else {
        let scale = format!("run kubectl scale {object} -n {namespace} --replicas=1");
        ("is scaled to 0", scale)
    };
    let message = match scene.subject {
        Subject::Workload(..) => format!("{object} {state}"),
        _ => format!("{} has no pods: {object}, which would make them, {state}", scene.object()),
    };
    let object =
        ObjectRef { kind: format!("{kind:?}"), namespace: Some(namespace), name: name.clone() };
    Some(Cause { kind: CauseKind::ScaledToZero, message, next: Some(next), object: Some(object) })
}

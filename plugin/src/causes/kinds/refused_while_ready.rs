//! A pod is ready, and refuses at a port that it declares, or declares none.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (pod, asked) = super::refusing_pod(scene)?;
    let declared = container::port_numbers(pod, scene.transport());
    if !declared.is_empty() && !declared.contains(&asked) {
        return None;
    }
    let (name, namespace) = (container::name(pod), container::namespace(pod));
    let and_says_so = if declared.is_empty() { "" } else { " and declares the port" };
    let address = scene.report.attempts.iter().find_map(|attempt| attempt.address);
    let may = container::may_listen(pod, address);
    let message =
        format!("pod {name} is ready{and_says_so}, and refuses connections to port {asked}; {may}");
    Some(Cause {
        kind: CauseKind::RefusedWhileReady,
        message,
        next: Some(format!("run kubectl logs {name} -n {namespace}")),
        object: Some(super::pod_ref(pod)),
    })
}

//! A pod is ready, and refuses at a port that it declares, or declares none.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (pod, asked) = super::refusing_pod(scene)?;
    let declares_others = container::ports(pod).next().is_some();
    let is_declared = container::port_numbers(pod, scene.transport()).contains(&asked);
    if declares_others && !is_declared {
        return None;
    }
    let (name, namespace) = (container::name(pod), container::namespace(pod));
    let and_says_so = if is_declared { " and declares the port" } else { "" };
    let address = scene.report.attempts.iter().find_map(|attempt| attempt.address);
    let may = container::may_listen(pod, address);
    let message = format!(
        "pod {name} is ready{and_says_so}, and refuses {} to port {asked}; {may}",
        scene.what_is_sent()
    );
    Some(Cause {
        kind: CauseKind::RefusedWhileReady,
        message,
        next: Some(format!("run kubectl logs {name} -n {namespace}")),
        object: Some(super::pod_ref(pod)),
    })
}

//! A pod refuses at a port that it does not declare, and declares others.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (pod, asked) = super::refusing_pod(scene)?;
    let declared = container::tcp_ports(pod);
    if declared.is_empty() || declared.contains(&asked) {
        return None;
    }
    let name = container::name(pod);
    let message = format!(
        "nothing listens on port {asked} of pod {name}; it declares {}",
        super::listed(&declared)
    );
    Some(Cause {
        kind: CauseKind::PortNotDeclared,
        message,
        next: Some(format!("use port {}", declared[0])),
        object: Some(super::pod_ref(pod)),
    })
}

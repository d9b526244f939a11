//! A pod refuses at a port that it does not declare, and declares others; or it declares none of the name that was asked for.

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, CauseKind};

use super::{
    super::{container, scene::Scene},
    Declared,
};
use crate::targets::ports_of_pod;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if let Some(name) = scene.unknown_port {
        return named(scene, name);
    }
    let (pod, asked) = super::refusing_pod(scene)?;
    let declared = container::port_numbers(pod, scene.transport());
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

fn named(scene: &Scene<'_>, name: &str) -> Option<Cause> {
    if scene.service_key().is_some() {
        return None;
    }
    let lacks = |pod: &Pod| {
        !ports_of_pod(pod, scene.transport()).iter().any(|port| port.name.as_deref() == Some(name))
    };
    let pod = scene.living_pods().into_iter().find(|pod| lacks(pod))?;
    let ports = container::ports(pod);
    let declared =
        Declared::new(ports.map(|p| (p.name.as_ref(), p.container_port, p.protocol.as_ref())));
    let pod_name = container::name(pod);
    let transport = scene.transport().as_str();
    let message =
        format!("pod {pod_name} has no {transport} port named {name}: it declares {declared}");
    let next = declared.instead_of(name).unwrap_or_else(|| "give the port's number".to_owned());
    let object = Some(super::pod_ref(pod));
    Some(Cause { kind: CauseKind::PortNotDeclared, message, next: Some(next), object })
}

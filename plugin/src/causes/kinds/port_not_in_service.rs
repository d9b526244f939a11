//! The Service has no such port, by number or by name. (A headless one has no number of its own: its pods are asked at
//! theirs.)

use k8s_openapi::{
    api::core::v1::{ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kubectl_pods_report::{Cause, CauseKind};

use super::{super::scene::Scene, Declared};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, service) = scene.known_service()?;
    let spec = service.spec.as_ref()?;
    if let Some(name) = scene.unknown_port {
        return Some(named(scene, spec, name));
    }
    let asked = scene.asked_port()?;
    let mut ports = spec.ports.iter().flatten();
    let is_alias = spec.external_name.is_some();
    if is_alias || scene.is_headless() || ports.any(|port| port.port == i32::from(asked)) {
        return None;
    }
    let ports = || spec.ports.iter().flatten();
    let mut message = format!("{} has no port {asked}", scene.object());
    if let Some(port) = ports().find(|port| leads_to(port, asked)) {
        message = format!("{message}, which is the targetPort of its port {}", port.port);
    } else {
        message = format!("{message}: it has {}", super::listed(ports().map(|port| port.port)));
    }
    let first = ports().find(|port| leads_to(port, asked)).or_else(|| ports().next())?;
    let next = format!("use port {}", first.port);
    Some(super::of_service(scene, CauseKind::PortNotInService, message, next))
}

fn named(scene: &Scene<'_>, spec: &ServiceSpec, name: &str) -> Cause {
    let ports = spec.ports.iter().flatten();
    let declared = Declared::new(ports.map(|p| (p.name.as_ref(), p.port, p.protocol.as_ref())));
    let (object, transport) = (scene.object(), scene.transport().as_str());
    let message = format!("{object} has no {transport} port named {name}: it has {declared}");
    let next = declared.instead_of(name);
    let next = next.unwrap_or_else(|| super::edit_service(scene, "declare one"));
    super::of_service(scene, CauseKind::PortNotInService, message, next)
}

fn leads_to(port: &ServicePort, asked: u16) -> bool {
    port.target_port == Some(IntOrString::Int(asked.into()))
}

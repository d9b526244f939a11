//! The Service has no such port, by number or by name.

use k8s_openapi::{
    api::core::v1::{ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kubectl_pods_report::{Cause, CauseKind, Observation};

use super::{
    super::{container, scene::Scene, words},
    Declared,
    declared::{how, spelt},
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, service) = scene.known_service()?;
    let spec = service.spec.as_ref()?;
    if let Some(name) = scene.unknown_port {
        return Some(named(scene, spec, name));
    }
    let asked = scene.asked_port()?;
    let ports = || spec.ports.iter().flatten();
    // One of the other transport is a cause of its own.
    if spec.external_name.is_some() || ports().any(|port| port.port == i32::from(asked)) {
        return None;
    }
    if scene.is_headless() {
        return headless(scene, asked);
    }
    let (object, transport) = (scene.object(), scene.transport());
    let mut message = format!("{object} has no port {}", spelt(asked, transport.as_str()));
    let behind = scene.service_ports().find(|port| leads_to(port, asked));
    if let Some(port) = behind {
        message = format!("{message}, which is the targetPort of its port {}", port.port);
    } else {
        let all = ports().map(|port| spelt(port.port, port.protocol.as_deref().unwrap_or("TCP")));
        message = format!("{message}: it has {}", super::listed(all));
    }
    let next = match behind.or_else(|| scene.service_ports().next()) {
        Some(port) => format!("use port {}", port.port),
        None => of_other_protocol(scene, spec)?,
    };
    Some(super::of_service(scene, CauseKind::PortNotInService, message, next))
}

/// What to do where no port is for what was spoken.
fn of_other_protocol(scene: &Scene<'_>, spec: &ServiceSpec) -> Option<String> {
    let port = spec.ports.iter().flatten().next()?;
    let how = how(scene.transport(), port.protocol.as_deref().unwrap_or("TCP"));
    let with = how.map(|how| format!("use port {} {how}", port.port));
    Some(with.unwrap_or_else(|| super::edit_service(scene, "declare one")))
}

/// The pods behind a headless Service may listen anywhere; these refuse.
fn headless(scene: &Scene<'_>, asked: u16) -> Option<Cause> {
    if !scene.saw(&[Observation::Refused]) || scene.service_port().is_some() {
        return None;
    }
    let mut of_pods: Vec<u16> =
        scene.service_ports().flat_map(|port| scene.pods_ports(port)).collect();
    if of_pods.is_empty() {
        // It declares none, and needs none: its name leads to every port of its pods.
        let pod = scene.living_pods().into_iter().find(|pod| container::is_ready(pod))?;
        of_pods = container::port_numbers(pod, scene.transport());
    }
    if of_pods.contains(&asked) {
        return None;
    }
    let next = format!("use port {}", of_pods.first()?);
    let message = format!(
        "{} has no port {}: its pods refuse there, and have {}",
        scene.object(),
        spelt(asked, scene.transport().as_str()),
        words::numbers(&of_pods)
    );
    Some(super::of_service(scene, CauseKind::PortNotInService, message, next))
}

fn named(scene: &Scene<'_>, spec: &ServiceSpec, name: &str) -> Cause {
    let ports = spec.ports.iter().flatten();
    let declared = Declared::new(ports.map(|p| (p.name.as_ref(), p.port, p.protocol.as_ref())));
    let (object, transport) = (scene.object(), scene.transport());
    let message =
        format!("{object} has no {} port named {name}: it has {declared}", transport.as_str());
    let next = declared.instead_of(name, transport);
    let next = next.unwrap_or_else(|| super::edit_service(scene, "declare one"));
    super::of_service(scene, CauseKind::PortNotInService, message, next)
}

fn leads_to(port: &ServicePort, asked: u16) -> bool {
    port.target_port == Some(IntOrString::Int(asked.into()))
}

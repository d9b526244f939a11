//! The Service has the port, but not for TCP: no SYN matches it.

use kubectl_pods_report::{Cause, CauseKind, Transport};

use super::super::scene::Scene;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, service) = scene.known_service()?;
    if scene.transport() != Transport::Tcp || scene.is_headless() || scene.service_port().is_some()
    {
        return None;
    }
    let asked = i32::from(scene.asked_port()?);
    let mut ports = service.spec.as_ref()?.ports.iter().flatten();
    let protocol = ports.find(|port| port.port == asked)?.protocol.as_deref()?;
    let message = format!("port {asked} of {} is {protocol}, and TCP was spoken", scene.object());
    let next = super::edit_service(scene, "declare the port for TCP too, if its pods speak that");
    Some(super::of_service(scene, CauseKind::UdpPort, message, next))
}

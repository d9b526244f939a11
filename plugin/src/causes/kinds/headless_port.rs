//! A headless Service gives its name no address but those of its pods, so that nobody translates the numbers of its ports.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{scene::Scene, words};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let asked = scene.asked_port()?;
    if !scene.is_headless() || !scene.is_unconnected() || scene.service_port().is_some() {
        return None;
    }
    let port = scene.service_ports().find(|port| port.port == i32::from(asked))?;
    let of_pods = scene.pods_ports(port);
    let message = format!(
        "{} is headless, so that nobody translates its port {asked}: clients connect to its pods themselves, and those \
         have it as {}",
        scene.object(),
        words::numbers(&of_pods)
    );
    let next = format!("use port {}", of_pods.first()?);
    Some(super::of_service(scene, CauseKind::HeadlessPort, message, next))
}

//! The Service sends to a port by a name that no container gives to one. No event tells of it: the pods are in a slice
//! without ports, and nobody is sent to them.

use k8s_openapi::{api::core::v1::ContainerPort, apimachinery::pkg::util::intstr::IntOrString};
use kubectl_pods_report::{Cause, CauseKind};

use super::{
    super::{container, scene::Scene},
    Declared,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let port = scene.service_port()?;
    let Some(IntOrString::String(name)) = &port.target_port else { return None };
    let pods = scene.living_pods();
    let protocol = |protocol: &Option<String>| protocol.as_deref().unwrap_or("TCP").to_owned();
    let is_it = |declared: &ContainerPort| {
        declared.name.as_ref() == Some(name)
            && protocol(&declared.protocol) == protocol(&port.protocol)
    };
    if pods.is_empty() || pods.iter().any(|pod| container::ports(pod).any(is_it)) {
        return None;
    }
    let ports = container::ports(pods[0]);
    let declared =
        Declared::new(ports.map(|p| (p.name.as_ref(), p.container_port, p.protocol.as_ref())));
    let named = match port.protocol.as_deref() {
        None | Some("TCP") => String::new(),
        Some(other) => format!(" for {other}"),
    };
    let message = format!(
        "{} sends port {} to the port named {name} of its pods, and they have none of that name{named}: they declare {declared}",
        scene.object(),
        port.port
    );
    let next = super::edit_service(scene, "correct its targetPort");
    Some(super::of_service(scene, CauseKind::TargetPortName, message, next))
}

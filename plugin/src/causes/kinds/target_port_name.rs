//! The Service sends to a port by a name that no container gives to one. No event tells of it: the pods are in a slice
//! without ports, and nobody is sent to them.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let port = scene.service_port()?;
    let Some(IntOrString::String(name)) = &port.target_port else { return None };
    let pods = scene.living_pods();
    if pods.is_empty()
        || pods.iter().any(|pod| container::ports(pod).any(|p| p.name.as_ref() == Some(name)))
    {
        return None;
    }
    let declared: Vec<String> = container::ports(pods[0])
        .map(|port| match &port.name {
            Some(name) => format!("{name} ({})", port.container_port),
            None => format!("{} without a name", port.container_port),
        })
        .collect();
    let declared = if declared.is_empty() {
        "they declare none".to_owned()
    } else {
        format!("they declare {}", super::listed(declared))
    };
    let message = format!(
        "{} sends port {} to the port named {name} of its pods, and they have none of that name: {declared}",
        scene.object(),
        port.port
    );
    let next = super::edit_service(scene, "correct its targetPort");
    Some(super::of_service(scene, CauseKind::TargetPortName, message, next))
}

//! A pod refuses at a port that it does not declare, and declares others; or it declares none of the name that was asked for.

use k8s_openapi::api::core::v1::{ContainerPort, Pod};
use kubectl_pods_report::{Cause, CauseKind};

use super::{
    super::{container, scene::Scene},
    Declared,
    declared::{how, spelt},
};
use crate::targets::ports_of_pod;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if let Some(name) = scene.unknown_port {
        return named(scene, name);
    }
    let (pod, asked) = super::refusing_pod(scene)?;
    let transport = scene.transport();
    let protocol =
        |port: &'_ ContainerPort| port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
    let ports = || container::ports(pod);
    // One that is declared for another protocol is a cause of its own.
    if ports().any(|port| port.container_port == i32::from(asked)) {
        return None;
    }
    let own = container::port_numbers(pod, transport);
    let next = match own.first() {
        Some(first) => format!("use port {first}"),
        None => ports().find_map(|port| {
            let how = how(transport, &protocol(port))?;
            Some(format!("use port {} {how}", port.container_port))
        })?,
    };
    let name = container::name(pod);
    let all = ports().map(|port| spelt(port.container_port, &protocol(port)));
    let message = format!(
        "nothing listens on port {} of pod {name}; it declares {}",
        spelt(asked, transport.as_str()),
        super::listed(all)
    );
    Some(Cause {
        kind: CauseKind::PortNotDeclared,
        message,
        next: Some(next),
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
    let transport = scene.transport();
    let message = format!(
        "pod {pod_name} has no {} port named {name}: it declares {declared}",
        transport.as_str()
    );
    let next = declared.instead_of(name, transport);
    let next = next.unwrap_or_else(|| "give the port's number".to_owned());
    let object = Some(super::pod_ref(pod));
    Some(Cause { kind: CauseKind::PortNotDeclared, message, next: Some(next), object })
}

//! The port is declared, but for another protocol than the one that was spoken: no packet matches it.

use kubectl_pods_report::{Cause, CauseKind, ObjectRef, Observation};

use super::{
    super::{
        container,
        scene::{Scene, Subject},
    },
    declared::how,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let asked = i32::from(scene.asked_port()?);
    let spoken = scene.transport();
    let (port, object) = if scene.service_key().is_some() {
        of_service(scene, asked)?
    } else {
        of_pod(scene, asked)?
    };
    let message = format!("{} is {}, and {} was spoken", port.text, port.protocol, spoken.as_str());
    let next = match how(spoken, &port.protocol) {
        Some(how) => format!("check it {how}"),
        None => format!("no probe speaks {}: try it with a client of its own", port.protocol),
    };
    Some(Cause { kind: CauseKind::WrongTransport, message, next: Some(next), object })
}

/// A port that is declared for something else.
struct Other {
    text: String,
    protocol: String,
}

fn of_service(scene: &Scene<'_>, asked: i32) -> Option<(Other, Option<ObjectRef>)> {
    let (_, service) = scene.known_service()?;
    // The pods of a headless one may listen where nothing is declared.
    let is_certain = !scene.is_headless() || scene.saw(&[Observation::Refused]);
    if !is_certain || scene.service_port().is_some() {
        return None;
    }
    let mut ports = service.spec.as_ref()?.ports.iter().flatten();
    let port = ports.find(|port| port.port == asked)?;
    let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
    if protocol == scene.transport().as_str() {
        return None;
    }
    let text = format!("port {asked} of {}", scene.object());
    Some((Other { text, protocol }, scene.service_ref()))
}

/// Of a pod that refused: it may listen where it has declared nothing.
fn of_pod(scene: &Scene<'_>, asked: i32) -> Option<(Other, Option<ObjectRef>)> {
    if !matches!(scene.subject, Subject::Pod(_) | Subject::Address(_))
        || !scene.saw(&[Observation::Refused])
    {
        return None;
    }
    let pod = scene.living_pods().into_iter().next()?;
    let declared = container::ports(pod).filter(|port| port.container_port == asked);
    let protocols: Vec<&str> =
        declared.map(|port| port.protocol.as_deref().unwrap_or("TCP")).collect();
    if protocols.contains(&scene.transport().as_str()) {
        return None;
    }
    let protocol = (*protocols.first()?).to_owned();
    let text = format!("port {asked} of pod {}", container::name(pod));
    Some((Other { text, protocol }, Some(super::pod_ref(pod))))
}

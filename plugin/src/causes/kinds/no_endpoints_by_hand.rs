//! A Service without a selector gets its endpoints from somebody else, and nobody has written any.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{scene::Scene, words};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (key, service) = scene.known_service()?;
    let spec = service.spec.as_ref()?;
    let selects = spec.selector.as_ref().is_some_and(|selector| !selector.is_empty());
    if selects || spec.external_name.is_some() || scene.is_served() {
        return None;
    }
    let slices = scene.world.slices(&key).known()?;
    let state = if slices.is_empty() {
        "no EndpointSlice belongs to it".to_owned()
    } else {
        format!(
            "its {} give no usable address for this port",
            words::count(slices.len(), "EndpointSlice")
        )
    };
    let message = format!("{} has no selector, and {state}", scene.object());
    let next = format!(
        "give it a selector, or an EndpointSlice with the label kubernetes.io/service-name={}",
        key.name
    );
    Some(super::of_service(scene, CauseKind::NoEndpointsByHand, message, next))
}

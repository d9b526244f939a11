//! A Service without a selector gets its endpoints from somebody else, and nobody has written any, or others than there are.

use kubectl_pods_report::{Cause, CauseKind, Judgement, Observation, Verdict};

use super::super::{scene::Scene, words, world::Key};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (key, service) = scene.known_service()?;
    let spec = service.spec.as_ref()?;
    let selects = spec.selector.as_ref().is_some_and(|selector| !selector.is_empty());
    if selects || spec.external_name.is_some() {
        return None;
    }
    if scene.is_served() {
        return nobody_there(scene, &key);
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

/// The addresses that were written down are nobody's: whoever refuses is somebody, and what is said to be a pod is looked for.
fn nobody_there(scene: &Scene<'_>, key: &Key) -> Option<Cause> {
    let direct = scene.direct();
    let is_nobody = direct.iter().all(|direct| {
        let is_refused = direct.attempt.verdict == Verdict::Seen(Observation::Refused);
        direct.endpoint.pod.is_none()
            && direct.attempt.judgement == Judgement::Failed
            && !is_refused
    });
    if direct.is_empty() || !is_nobody {
        return None;
    }
    let places: Vec<String> =
        direct.iter().filter_map(|direct| direct.attempt.endpoint()).collect();
    let message = format!(
        "{} has no selector, and sends to {}, as its EndpointSlice says, where nobody answers",
        scene.object(),
        words::some(&places)
    );
    let next = format!(
        "correct its addresses: kubectl get endpointslices -n {} -l kubernetes.io/service-name={}",
        key.namespace, key.name
    );
    Some(super::of_service(scene, CauseKind::NoEndpointsByHand, message, next))
}

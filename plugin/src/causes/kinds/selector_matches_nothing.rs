//! The Service selects labels that no pod has. Pods that miss them by one are the likely ones.

use std::collections::BTreeMap;

use cluster::look::Answer;
use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene, words, world::Want};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (key, service) = scene.known_service()?;
    let selector = service.spec.as_ref()?.selector.as_ref().filter(|s| !s.is_empty())?;
    // Whoever makes pods for it will be told of instead.
    let nobody = matches!(scene.pods(), Answer::Known(pods) if pods.is_empty());
    if !nobody || !scene.makers().is_empty() || scene.is_served() {
        return None;
    }
    let wanted = scene.selector()?;
    let mut message = format!(
        "{} selects {wanted}, which no pod of namespace {} has",
        scene.object(),
        key.namespace
    );
    let near = near(scene, &key.namespace, selector);
    if let Some((_, label)) = near.first() {
        let alike = near.iter().filter(|(_, other)| other == label);
        let names: Vec<&str> = alike.map(|(pod, _)| container::name(pod)).collect();
        let has = if names.len() == 1 { "has" } else { "have" };
        message = format!("{message}; {} {has} {label}", words::some(&names));
    }
    let next = if near.is_empty() {
        format!("run kubectl get pods -n {} --show-labels", key.namespace)
    } else {
        super::edit_service(scene, "make selector and labels agree")
    };
    Some(super::of_service(scene, CauseKind::SelectorMatchesNothing, message, next))
}

/// Living pods that have all labels but one, and what they have in its place: what is spelt most like it first.
fn near<'s>(
    scene: &Scene<'s>,
    namespace: &str,
    selector: &BTreeMap<String, String>,
) -> Vec<(&'s Pod, String)> {
    let pods = scene.world.pods(&Want::Pods(namespace.to_owned())).known().unwrap_or_default();
    let living = pods.iter().filter(|pod| !container::has_ended(pod));
    let misses = |pod: &'s Pod| {
        let labels = pod.metadata.labels.as_ref()?;
        let mut missed = selector.iter().filter(|(label, value)| labels.get(*label) != Some(value));
        let (label, value) = missed.next()?;
        if missed.next().is_some() {
            return None;
        }
        let has = match labels.get(label) {
            // Of a selector of one label, another word is somebody else's pod.
            Some(other)
                if selector.len() > 1 || words::nearest(value, [other.as_str()]).is_some() =>
            {
                format!("{label}={other}")
            }
            Some(_) => return None,
            None if selector.len() > 1 => format!("no label {label}"),
            // A pod that has nothing of a selector of one label is not near to it, unless the label is misspelt.
            None => {
                let (other, _) = labels.iter().find(|(_, given)| *given == value)?;
                format!("{other}={value}")
            }
        };
        Some((words::distance(&format!("{label}={value}"), &has), (pod, has)))
    };
    let mut near: Vec<_> = living.filter_map(misses).collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, near)| near).collect()
}

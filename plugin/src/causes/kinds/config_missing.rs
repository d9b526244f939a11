//! A ConfigMap, a Secret or one of their keys is missing, so that a container cannot be made or a volume not be mounted.

use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene, words},
    Finding,
};

pub(super) fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    let said = match container::waiting(pod, &["CreateContainerConfigError"]) {
        Some((_, waiting)) => waiting.message.clone()?,
        None => mount_failure(scene, pod)?,
    };
    Some(Finding {
        what: format!("cannot start: {}", words::reason(&said)),
        next: format!("run kubectl get configmaps,secrets -n {}", container::namespace(pod)),
    })
}

/// What the kubelet says last of a volume, while the pod's containers still wait for it.
fn mount_failure(scene: &Scene<'_>, pod: &Pod) -> Option<String> {
    container::waiting(pod, &["ContainerCreating", "PodInitializing"])?;
    let events = scene.world.warnings(container::namespace(pod), container::uid(pod));
    let last = events.last().filter(|event| event.reason.as_deref() == Some("FailedMount"))?;
    let said = last.message.clone()?;
    let is_about_config = ["configmap", "secret"].iter().any(|kind| said.contains(kind));
    is_about_config.then_some(said)
}

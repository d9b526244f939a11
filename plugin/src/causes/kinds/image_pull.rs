//! A container's image cannot be had.

use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene, words},
    Finding,
};

/// `ErrImagePull` and `ImagePullBackOff` alternate and mean the same.
const REASONS: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

pub(super) fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    let (status, waiting) = container::waiting(pod, &REASONS)?;
    let image = container::declared(pod, &status.name).and_then(|c| c.image.as_deref());
    let image = image.unwrap_or(&status.image);
    // The back-off speaks of itself; the event before it has the reason.
    let events = scene.world.warnings(container::namespace(pod), container::uid(pod)).iter().rev();
    let mut failed = events.filter_map(|event| event.message.as_deref());
    let event = failed.find(|said| said.starts_with("Failed to pull image"));
    let said = event.or(waiting.message.as_deref());
    let why = said.map(|said| format!(" ({})", words::reason(said))).unwrap_or_default();
    Some(match waiting.reason.as_deref() {
        Some("InvalidImageName") => Finding {
            what: format!("cannot start: {image:?} is no name of an image"),
            next: format!("correct it: {}", super::describe(pod)),
        },
        _ => Finding {
            what: format!("cannot start: image {image} cannot be pulled{why}"),
            next: format!(
                "correct its name, or give the registry's secret: {}",
                super::describe(pod)
            ),
        },
    })
}

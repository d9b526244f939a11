//! A pod waits for a volume claim that is not bound, or is not there.

use cluster::look::Answer;
use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene, world::Key},
    Finding,
};

pub(super) fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    // A claim that waits for its first consumer is pending because the pod has no node, and not the other way round: only
    // the scheduler knows which it is.
    let scheduled = container::condition(pod, "PodScheduled")?;
    let said = scheduled.message.as_deref().unwrap_or_default().to_lowercase();
    if scheduled.status != "False" || !said.contains("persistentvolume") {
        return None;
    }
    let namespace = container::namespace(pod);
    let volumes = pod.spec.as_ref()?.volumes.iter().flatten();
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.into_iter().find_map(|claim| {
        let name = &claim.claim_name;
        let state = match scene.world.claim(&Key::new(namespace, name)) {
            Answer::Missing => "does not exist".to_owned(),
            Answer::Known(claim) => {
                let phase = claim.status.as_ref()?.phase.as_deref()?;
                if phase != "Pending" {
                    return None;
                }
                let class = claim.spec.as_ref()?.storage_class_name.as_deref();
                match class {
                    Some("") | None => "is Pending, without a storage class".to_owned(),
                    Some(class) => format!("is Pending (storage class {class})"),
                }
            }
            Answer::Unread(_) => return None,
        };
        Some(Finding {
            what: format!("waits for the volume claim {name}, which {state}"),
            next: format!("run kubectl describe pvc {name} -n {namespace}"),
        })
    })
}

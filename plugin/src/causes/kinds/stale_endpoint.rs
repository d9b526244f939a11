//! An endpoint is said to be a pod that is no more, and does not answer.

use cluster::look::Answer;
use kubectl_pods_report::{Cause, CauseKind, Judgement};

use super::super::{
    container,
    scene::{Direct, Scene},
    words,
    world::Key,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let key = scene.service_key()?;
    let is_gone = |direct: &Direct<'_>| {
        let Some((name, uid)) = &direct.endpoint.pod else { return false };
        match scene.world.pod(&Key::new(&key.namespace, name)) {
            Answer::Missing => true,
            Answer::Known(pod) => !uid.is_empty() && container::uid(pod) != uid,
            Answer::Unread(_) => false,
        }
    };
    let direct = scene.direct();
    let failed = direct.iter().filter(|direct| direct.attempt.judgement == Judgement::Failed);
    let stale: Vec<&Direct<'_>> = failed.filter(|direct| is_gone(direct)).collect();
    if stale.is_empty() {
        return None;
    }
    let addresses: Vec<String> = stale
        .iter()
        .map(|stale| match &stale.endpoint.pod {
            Some((name, _)) => format!("{} (pod {name})", stale.endpoint.address),
            None => stale.endpoint.address.to_string(),
        })
        .collect();
    let message =
        format!("{} still sends to {}, which is gone", scene.object(), words::some(&addresses));
    let next = format!(
        "run kubectl get endpointslices -n {} -l kubernetes.io/service-name={}",
        key.namespace, key.name
    );
    Some(super::of_service(scene, CauseKind::StaleEndpoint, message, next))
}

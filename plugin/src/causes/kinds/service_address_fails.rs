//! The endpoints answer at their own addresses, and the Service's address does not: that is what is between them, on the
//! client's node.

use kubectl_pods_report::{Cause, CauseKind, Judgement, Observation};

use super::{
    super::{scene::Scene, words},
    no_local_endpoint, port_not_in_service, wrong_transport,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if !scene.is_inside || scene.is_headless() || !scene.is_unconnected() {
        return None;
    }
    let direct = scene.direct();
    let all_answer = direct.iter().all(|direct| direct.attempt.judgement == Judgement::Held);
    if direct.is_empty() || !all_answer {
        return None;
    }
    // Nobody but an endpoint refuses, and it may be one of those.
    if scene.saw(&[Observation::Refused]) && scene.unasked() > 0 {
        return None;
    }
    let better = [no_local_endpoint::cause, port_not_in_service::cause, wrong_transport::cause];
    if better.iter().any(|kind| kind(scene).is_some()) {
        return None;
    }
    let node = scene.node.unwrap_or("the probe's node");
    let message = format!(
        "{} of {} {} at {} own address, and its address {} does not: what leads there on {node} (kube-proxy, or what \
         stands for it) does not know it, or a policy is about the Service's address",
        words::count(direct.len(), "endpoint"),
        scene.object(),
        if direct.len() == 1 { "answers" } else { "answer" },
        if direct.len() == 1 { "its" } else { "their" },
        scene.report.address.as_deref().unwrap_or_default()
    );
    let next = format!(
        "run kubectl get pods -n kube-system -o wide --field-selector spec.nodeName={node}"
    );
    Some(super::of_service(scene, CauseKind::ServiceAddressFails, message, next))
}

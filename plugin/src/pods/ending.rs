//! A pod that cannot be reached, whatever the network does: it has ended, or has no address yet.

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::Observation;

/// What phase a pod is in.
#[must_use]
pub(crate) fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Unknown")
}

/// Whether all of its containers have ended for good.
#[must_use]
pub(crate) fn has_ended(pod: &Pod) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// What is known about a pod without asking it.
#[must_use]
pub(crate) fn ending(name: &str, pod: &Pod) -> Option<(Observation, String)> {
    let status = pod.status.clone().unwrap_or_default();
    let phase = phase(pod);
    let reason = status.reason.clone().or_else(|| container_reason(pod));
    let state = reason.map_or(phase.to_owned(), |reason| format!("{phase}: {reason}"));
    if has_ended(pod) {
        let message = format!(
            "pod {name} has ended ({state}); its last address may belong to another pod now, so it was not tried"
        );
        return Some((Observation::Stopped, message));
    }
    if status.pod_ip.is_none_or(|address| address.is_empty()) {
        let message =
            format!("pod {name} has no address yet ({state}); see kubectl describe pod {name}");
        return Some((Observation::NotRun, message));
    }
    None
}

/// Why a pod is as it is, from its conditions and containers.
fn container_reason(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let unscheduled = status
        .conditions
        .iter()
        .flatten()
        .find(|c| c.type_ == "PodScheduled" && c.status == "False");
    if let Some(reason) = unscheduled.and_then(|condition| condition.reason.clone()) {
        return Some(reason);
    }
    let containers = status.container_statuses.iter().flatten();
    containers.filter_map(|container| container.state.as_ref()).find_map(|state| {
        let waiting = state.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
        waiting.or_else(|| state.terminated.as_ref()?.reason.clone())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "web"}, "status": status}))
            .expect("a pod")
    }

    #[test]
    fn what_the_cluster_knows_is_not_tried() {
        let unscheduled =
            json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]);
        let cases = [
            (
                json!({"phase": "Succeeded", "podIP": "10.0.0.7"}),
                Observation::Stopped,
                "(Succeeded)",
            ),
            (
                json!({"phase": "Failed", "reason": "Evicted"}),
                Observation::Stopped,
                "(Failed: Evicted)",
            ),
            (json!({"phase": "Pending"}), Observation::NotRun, "no address yet (Pending)"),
            (
                json!({"phase": "Pending", "conditions": unscheduled}),
                Observation::NotRun,
                "(Pending: Unschedulable)",
            ),
        ];
        for (status, verdict, words) in cases {
            match ending("web", &pod(&status)) {
                Some((got, message)) => {
                    assert_eq!(got, verdict, "{status}");
                    assert!(message.contains(words), "{message}");
                }
                other => panic!("{status}: {other:?}"),
            }
        }
        assert_eq!(ending("web", &pod(&json!({"phase": "Running", "podIP": "10.0.0.7"}))), None);
    }
}

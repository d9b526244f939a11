//! What the state of a probe's pod says about its chances.

use k8s_openapi::api::core::v1::{ContainerState, Pod, PodStatus};

/// What can be read from a pod's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Prospect {
    /// On its way: the text says how far.
    Waiting(String),
    /// The scheduler finds no node; its message. Pods often are so for a moment.
    Unschedulable(String),
    /// Its container has run, or is running.
    Started,
    /// Its container ended; how.
    Ended(String),
    /// It will not come to anything without somebody's help; why.
    Hopeless(String),
}

/// Waiting reasons that do not pass by themselves within the time somebody waits at a prompt.
const HOPELESS: [&str; 10] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
    "RunContainerError",
    "ProspectatureValidationFailed",
];

/// Termination reasons that mean that the container never ran.
const NEVER_RAN: [&str; 3] = ["ContainerCannotRun", "ContainerStatusUnknown", "StartError"];

/// What helps against what the reason of a hopeless or unschedulable pod begins with.
const ADVICE: [(&[&str], &str); 4] = [
    (
        &["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"],
        "name an image that the nodes have or can pull with --probe-image or KUBECTL_PODS_PROBE_IMAGE; \
         the default one is in no registry yet, docs/cluster.md says how to load it",
    ),
    (
        &["ErrImageNeverPull", "ImageInspectError", "ProspectatureValidationFailed"],
        "name another image with --probe-image or KUBECTL_PODS_PROBE_IMAGE",
    ),
    (&["InvalidImageName"], "correct --probe-image or KUBECTL_PODS_PROBE_IMAGE"),
    (
        &["Unschedulable", "SchedulerError"],
        "kubectl describe nodes shows their names, taints and free room",
    ),
];

/// The reason why a pod does not come up, with what can be done about it, where that is known.
#[must_use]
pub(crate) fn advise(reason: String) -> String {
    let is_about = |word: &str| {
        reason.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let advice = ADVICE.iter().find(|(words, _)| words.iter().any(|word| is_about(word)));
    match advice {
        Some((_, advice)) => format!("{}; {advice}", reason.trim_end_matches('.')),
        None => reason,
    }
}

/// Reads a pod's state.
#[must_use]
pub(crate) fn prospect(pod: &Pod) -> Prospect {
    let Some(status) = &pod.status else { return Prospect::Waiting("Pending".to_owned()) };
    if let Some(reason) = &status.reason {
        // Evicted, NodeAffinity, OutOfcpu, UnexpectedAdmissionError, DeadlineExceeded, Preempting, Shutdown …
        return Prospect::Hopeless(said(reason, status.message.as_deref()));
    }
    let container = status.container_statuses.iter().flatten().next();
    match container.and_then(|container| container.state.as_ref()) {
        Some(state) => read_container(state),
        None => read_conditions(status),
    }
}

fn read_container(state: &ContainerState) -> Prospect {
    if let Some(ended) = &state.terminated {
        let reason = ended.reason.as_deref().unwrap_or("ended");
        if NEVER_RAN.contains(&reason) {
            return Prospect::Hopeless(said(reason, ended.message.as_deref()));
        }
        return Prospect::Ended(format!("{reason}, exit code {}", ended.exit_code));
    }
    if state.running.is_some() {
        return Prospect::Started;
    }
    let Some(waiting) = &state.waiting else { return Prospect::Waiting("Pending".to_owned()) };
    let reason = waiting.reason.as_deref().unwrap_or("Pending");
    if HOPELESS.contains(&reason) {
        return Prospect::Hopeless(said(reason, waiting.message.as_deref()));
    }
    Prospect::Waiting(reason.to_owned())
}

fn read_conditions(status: &PodStatus) -> Prospect {
    let mut conditions = status.conditions.iter().flatten();
    let scheduled = conditions.rfind(|condition| condition.type_ == "PodScheduled");
    match scheduled {
        Some(condition) if condition.status == "False" => {
            let reason = condition.reason.as_deref().unwrap_or("Unschedulable");
            Prospect::Unschedulable(said(reason, condition.message.as_deref()))
        }
        Some(_) => Prospect::Waiting("Scheduled".to_owned()),
        None => Prospect::Waiting("Pending".to_owned()),
    }
}

fn said(reason: &str, message: Option<&str>) -> String {
    match message {
        Some(message) if !message.is_empty() => format!("{reason}: {message}"),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn container(state: &Value) -> Value {
        json!({"phase": "Pending", "containerStatuses": [{
            "name": "probe", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state,
        }]})
    }

    #[test]
    fn who_can_help_is_told_how() {
        let cases = [
            ("ErrImagePull: not found", Some("--probe-image")),
            ("ImagePullBackOff", Some("docs/cluster.md")),
            ("InvalidImageName: no", Some("; correct --probe-image")),
            ("Unschedulable: 0/2 nodes are available.", Some("available; kubectl describe nodes")),
            ("UnschedulableX: whatever", None),
            ("Evicted: the node was low on memory", None),
        ];
        for (reason, words) in cases {
            let text = advise(reason.to_owned());
            match words {
                Some(words) => assert!(text.contains(words), "{text}"),
                None => assert_eq!(text, reason),
            }
        }
    }

    #[test]
    fn every_state_is_read() {
        let scheduled = |status: &str, reason: &str| json!({"conditions": [{"type": "PodScheduled", "status": status, "reason": reason, "message": "0/2 nodes"}]});
        let cases = [
            ("new", json!({}), Prospect::Waiting("Pending".into())),
            ("scheduled", scheduled("True", ""), Prospect::Waiting("Scheduled".into())),
            (
                "no node",
                scheduled("False", "Unschedulable"),
                Prospect::Unschedulable("Unschedulable: 0/2 nodes".into()),
            ),
            (
                "creating",
                container(&json!({"waiting": {"reason": "ContainerCreating"}})),
                Prospect::Waiting("ContainerCreating".into()),
            ),
            (
                "no image",
                container(&json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}})),
                Prospect::Hopeless("ErrImagePull: not found".into()),
            ),
            ("running", container(&json!({"running": {}})), Prospect::Started),
            (
                "done",
                container(&json!({"terminated": {"exitCode": 0, "reason": "Completed"}})),
                Prospect::Ended("Completed, exit code 0".into()),
            ),
            (
                "killed",
                container(&json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})),
                Prospect::Ended("OOMKilled, exit code 137".into()),
            ),
            (
                "no such program",
                container(
                    &json!({"terminated": {"exitCode": 128, "reason": "StartError", "message": "no such file"}}),
                ),
                Prospect::Hopeless("StartError: no such file".into()),
            ),
            (
                "evicted",
                json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}),
                Prospect::Hopeless("Evicted: low on memory".into()),
            ),
        ];
        for (name, status, expected) in cases {
            let pod: Pod = serde_json::from_value(json!({"status": status})).expect("a pod");
            assert_eq!(prospect(&pod), expected, "{name}");
        }
    }
}

//! What the state of a probe's pod says about its chances.

use std::iter;

use cluster::Verbatim;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod, PodStatus};

use super::refusal;

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
const HOPELESS: [&str; 11] = [
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
    "RunContainerError",
    "SignatureValidationFailed",
];

/// Termination reasons that mean that the container never ran.
const NEVER_RAN: [&str; 3] = ["ContainerCannotRun", "ContainerStatusUnknown", "StartError"];

/// What helps against what the reason of a hopeless or unschedulable pod begins with.
const ADVICE: [(&[&str], &str); 5] = [
    (
        &["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"],
        "kubectl pods image load brings the probe's image into a cluster on this machine; \
         kubectl pods image push REGISTRY/NAME and --probe-image with that name into any; \
         --carrier IMAGE needs none, but an image with a shell that the nodes have or can pull",
    ),
    (
        &["ErrImageNeverPull", "ImageInspectError", "SignatureValidationFailed"],
        "name another image with --probe-image or KUBECTL_PODS_PROBE_IMAGE",
    ),
    (&["InvalidImageName"], "correct --probe-image or KUBECTL_PODS_PROBE_IMAGE"),
    (
        &["ContainerCannotRun", "RunContainerError", "StartError"],
        "an image of --probe-image has to be the probe's, of this release: --carrier IMAGE has the probe carried by any \
         other that has a shell",
    ),
    (
        &["Unschedulable", "SchedulerError"],
        "kubectl describe nodes shows their names, taints and free room",
    ),
];

/// What a reason begins with that is about a container that has to run before ours.
const INIT_CONTAINER: &str = "init container ";

/// The reason why a pod does not come up, with what can be done about it, where that is known.
#[must_use]
pub(crate) fn advise(reason: String) -> String {
    let is_about = |word: &str| {
        reason.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let known = ADVICE.iter().find(|(words, _)| words.iter().any(|word| is_about(word)));
    let advice = match known {
        Some((_, advice)) => Some((*advice).to_owned()),
        None if reason.starts_with(INIT_CONTAINER) => {
            Some("--no-sidecar leaves out what a service mesh puts into the pod".to_owned())
        }
        None => None,
    };
    let said = reason.trim_end_matches('.').to_owned();
    match [advice, refusal::advice(&reason)] {
        [None, None] => reason,
        advice => {
            iter::once(said).chain(advice.into_iter().flatten()).collect::<Vec<_>>().join("; ")
        }
    }
}

/// The same refusal of the API server's, with the flag that helps against it, if there is one.
#[must_use]
pub(crate) fn advised(error: anyhow::Error) -> anyhow::Error {
    let Some(advice) = refusal::advice(&format!("{error:#}")) else { return error };
    match error.downcast_ref::<Verbatim>() {
        Some(Verbatim(text)) => Verbatim(format!("{text}; {advice}")).into(),
        None => anyhow::anyhow!("{error:#}; {advice}"),
    }
}

/// Reads a pod's state, as it concerns the container of this name: admission may have put others before and beside it.
#[must_use]
pub(crate) fn prospect(pod: &Pod, container: &str) -> Prospect {
    let Some(status) = &pod.status else { return Prospect::Waiting("Pending".to_owned()) };
    if let Some(reason) = &status.reason {
        // Evicted, NodeAffinity, OutOfcpu, UnexpectedAdmissionError, DeadlineExceeded, Preempting, Shutdown …
        return Prospect::Hopeless(said(reason, status.message.as_deref()));
    }
    let mut containers = status.container_statuses.iter().flatten();
    let own = containers.find(|status| status.name == container);
    let prospect = match own.and_then(|status| status.state.as_ref()) {
        Some(state) => read_container(state),
        None => read_conditions(status),
    };
    match prospect {
        Prospect::Waiting(_) => read_init_containers(status).unwrap_or(prospect),
        prospect => prospect,
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

/// What the containers that have to run before ours mean for it, if one of them is in the way. They run one by one.
fn read_init_containers(status: &PodStatus) -> Option<Prospect> {
    let mut statuses = status.init_container_statuses.iter().flatten();
    let status_of_next = statuses.find(|status| !is_past(status))?;
    let name = |text: &str| format!("{INIT_CONTAINER}{}: {text}", status_of_next.name);
    Some(match read_container(status_of_next.state.as_ref()?) {
        Prospect::Hopeless(reason) => Prospect::Hopeless(name(&reason)),
        Prospect::Ended(how) if status.phase.as_deref() == Some("Failed") => {
            Prospect::Hopeless(name(&how))
        }
        Prospect::Ended(state) | Prospect::Waiting(state) => Prospect::Waiting(name(&state)),
        _ => Prospect::Waiting(name("running")),
    })
}

/// Whether what comes after it may run: it succeeded, or is a sidecar that has started.
fn is_past(init: &ContainerStatus) -> bool {
    let ended = init.state.as_ref().and_then(|state| state.terminated.as_ref());
    init.started == Some(true) || ended.is_some_and(|ended| ended.exit_code == 0)
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
            ("ImagePullBackOff", Some("--carrier IMAGE")),
            ("StartError: no such file", Some("any other that has a shell")),
            ("InvalidImageName: no", Some("; correct --probe-image")),
            ("Unschedulable: 0/2 nodes are available.", Some("available; kubectl describe nodes")),
            ("init container istio-init: Error, exit code 1", Some("; --no-sidecar leaves out")),
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
            assert_eq!(prospect(&pod, "probe"), expected, "{name}");
        }
    }

    /// The words of Kubernetes 1.36, written out here and not taken from the list: `pkg/kubelet/images/types.go`,
    /// `pkg/kubelet/kuberuntime/kuberuntime_container.go`, `pkg/kubelet/container/sync_result.go` and
    /// `cri-api/pkg/errors/errors.go`.
    #[test]
    fn the_words_are_the_kubelets() {
        let words = [
            "ImagePullBackOff",
            "ImageInspectError",
            "ErrImagePull",
            "ErrImageNeverPull",
            "InvalidImageName",
            "CreateContainerConfigError",
            "CreateContainerError",
            "CrashLoopBackOff",
            "RunContainerError",
            "RegistryUnavailable",
            "SignatureValidationFailed",
        ];
        assert_eq!(words.len(), HOPELESS.len());
        for word in words {
            let status = container(&json!({"waiting": {"reason": word}}));
            let pod: Pod = serde_json::from_value(json!({"status": status})).expect("a pod");
            assert_eq!(prospect(&pod, "probe"), Prospect::Hopeless(word.into()));
        }
        let advised = ADVICE.iter().flat_map(|(words, _)| words.iter());
        for word in advised.filter(|word| !["Unschedulable", "SchedulerError"].contains(word)) {
            let said = words.contains(word) || NEVER_RAN.contains(word);
            assert!(said, "nobody says {word}");
        }
    }

    fn named(name: &str, state: &Value) -> Value {
        json!({"name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state})
    }

    #[test]
    fn what_others_do_in_the_pod_is_told_apart() {
        let (waiting, running) =
            (json!({"waiting": {"reason": "PodInitializing"}}), json!({"running": {}}));
        let done = |code: u8| json!({"terminated": {"exitCode": code, "reason": "Error"}});
        let no_image = json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}});
        let started = json!({"name": "mesh", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "started": true, "state": running});
        let cases = [
            (
                "sidecar first",
                "Running",
                vec![],
                vec![named("mesh", &no_image), named("probe", &running)],
                Prospect::Started,
            ),
            (
                "ours has ended",
                "Running",
                vec![],
                vec![named("mesh", &running), named("probe", &done(0))],
                Prospect::Ended("Error, exit code 0".into()),
            ),
            (
                "init runs",
                "Pending",
                vec![named("init", &running)],
                vec![named("probe", &waiting)],
                Prospect::Waiting("init container init: running".into()),
            ),
            (
                "init failed",
                "Failed",
                vec![named("init", &done(1))],
                vec![named("probe", &waiting)],
                Prospect::Hopeless("init container init: Error, exit code 1".into()),
            ),
            (
                "init is tried again",
                "Pending",
                vec![named("init", &done(1))],
                vec![named("probe", &waiting)],
                Prospect::Waiting("init container init: Error, exit code 1".into()),
            ),
            (
                "second of two",
                "Pending",
                vec![named("one", &done(0)), named("two", &no_image)],
                vec![named("probe", &waiting)],
                Prospect::Hopeless("init container two: ErrImagePull: not found".into()),
            ),
            (
                "past all",
                "Pending",
                vec![named("init", &done(0)), started],
                vec![named("probe", &waiting)],
                Prospect::Waiting("PodInitializing".into()),
            ),
        ];
        for (name, phase, init, containers, expected) in cases {
            let status = json!({"phase": phase, "initContainerStatuses": init, "containerStatuses": containers});
            let pod: Pod = serde_json::from_value(json!({"status": status})).expect("a pod");
            assert_eq!(prospect(&pod, "probe"), expected, "{name}");
        }
    }
}

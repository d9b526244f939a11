//! READY, STATUS and RESTARTS of a pod.

use jiff::Timestamp;

use super::pod::{Container, ContainerStatus, Pod, Terminated};

/// What the table says about a pod's containers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// Containers that are ready.
    pub(super) ready: usize,
    /// Containers that should be: main ones and sidecars.
    pub(super) total: usize,
    /// STATUS.
    pub(super) reason: String,
    /// Restarts of the containers that count in this state.
    pub(super) restarts: i64,
    /// The newest end of an earlier run of those.
    pub(super) last_restart: Option<Timestamp>,
}

/// Restarts, and when the last was.
#[derive(Debug, Default, Clone, Copy)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &ContainerStatus<'_>) {
        self.count = self.count.saturating_add(container.restart_count);
        let ended = container.last_state.terminated.as_ref().and_then(|ended| ended.finished_at);
        self.last = self.last.max(ended);
    }
}

/// Applies the server's rules in its order: phase or reason, scheduling gates, init containers until the
/// first that is not done, then main containers from last to first, then deletion.
pub(super) fn summarize(pod: &Pod<'_>) -> Summary {
    let mut summary = Summary {
        ready: 0,
        total: pod.spec.containers.len()
            + pod.spec.init_containers.iter().filter(|init| init.is_sidecar()).count(),
        reason: starting_reason(pod),
        restarts: 0,
        last_restart: None,
    };
    let (initializing, all, sidecars) = init_containers(pod, &mut summary);
    let mut restarts = all;
    if !initializing || pod.status.condition("Initialized") {
        restarts = sidecars;
        main_containers(pod, &mut summary, &mut restarts);
    }
    summary.restarts = restarts.count;
    summary.last_restart = restarts.last;
    if let Some(reason) = deletion(pod) {
        summary.reason = String::from(reason);
    }
    summary
}

fn starting_reason(pod: &Pod<'_>) -> String {
    let gated = pod.status.conditions.iter().any(|condition| {
        condition.r#type == "PodScheduled" && condition.reason.as_deref() == Some("SchedulingGated")
    });
    match (gated, pod.status.reason.is_empty()) {
        (true, _) => String::from("SchedulingGated"),
        (false, false) => pod.status.reason.clone().into_owned(),
        (false, true) => pod.status.phase.clone().into_owned(),
    }
}

/// Walks the init containers. Returns whether one of them is not done, the restarts of all that were
/// looked at, and those of sidecars.
fn init_containers(pod: &Pod<'_>, summary: &mut Summary) -> (bool, Restarts, Restarts) {
    let (mut all, mut sidecars) = (Restarts::default(), Restarts::default());
    for (index, container) in pod.status.init_container_statuses.iter().enumerate() {
        let spec = pod.spec.init_containers.iter().rev().find(|init| init.name == container.name);
        let is_sidecar = spec.is_some_and(Container::is_sidecar);
        all.add(container);
        if is_sidecar {
            sidecars.add(container);
        }
        let terminated = container.state.terminated.as_ref();
        if terminated.is_some_and(|ended| ended.exit_code == 0) {
            continue;
        }
        if is_sidecar && container.started == Some(true) {
            summary.ready += usize::from(container.ready);
            continue;
        }
        let waiting = container.state.waiting.as_ref().map_or("", |waiting| &waiting.reason);
        summary.reason = match (terminated, waiting) {
            (Some(ended), _) => format!("Init:{}", end_reason(ended)),
            (None, "" | "PodInitializing") => {
                format!("Init:{index}/{}", pod.spec.init_containers.len())
            }
            (None, reason) => format!("Init:{reason}"),
        };
        return (true, all, sidecars);
    }
    (false, all, sidecars)
}

/// Walks the main containers from last to first, so that the first has the final word.
fn main_containers(pod: &Pod<'_>, summary: &mut Summary, restarts: &mut Restarts) {
    let mut has_running = false;
    let mut error_reason = String::new();
    for container in pod.status.container_statuses.iter().rev() {
        restarts.add(container);
        let state = &container.state;
        let waiting = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty());
        if let Some(waiting) = waiting {
            summary.reason = waiting.reason.clone().into_owned();
        } else if let Some(ended) = &state.terminated {
            summary.reason = end_reason(ended);
            if ended.exit_code != 0 {
                error_reason.clone_from(&summary.reason);
            }
        } else if container.ready && state.running.is_some() {
            has_running = true;
            summary.ready += 1;
        }
    }
    if summary.reason == "Completed" {
        if has_running && is_ready(pod) {
            summary.reason = String::from("Running");
        } else if !error_reason.is_empty() {
            summary.reason = error_reason;
        } else if has_running {
            summary.reason = String::from("NotReady");
        }
    }
}

/// Any Ready condition that is True will do here, unlike elsewhere.
fn is_ready(pod: &Pod<'_>) -> bool {
    let mut conditions = pod.status.conditions.iter();
    conditions.any(|condition| condition.r#type == "Ready" && condition.status == "True")
}

fn end_reason(ended: &Terminated<'_>) -> String {
    match (&*ended.reason, ended.signal) {
        ("", 0) => format!("ExitCode:{}", ended.exit_code),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn deletion(pod: &Pod<'_>) -> Option<&'static str> {
    pod.metadata.deletion_timestamp?;
    let terminal = matches!(&*pod.status.phase, "Succeeded" | "Failed");
    match &*pod.status.reason {
        "NodeLost" => Some("Unknown"),
        _ if terminal => None,
        _ => Some("Terminating"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn summary(mut pod: Value) -> String {
        if pod.get("spec").is_none() {
            pod["spec"] = json!({"containers": [{"name": "a"}, {"name": "b"}]});
        }
        let text = pod.to_string();
        let got = summarize(&serde_json::from_str(&text).unwrap());
        format!("{}/{} {} {}", got.ready, got.total, got.reason, got.restarts)
    }

    fn status(containers: &Value) -> String {
        summary(json!({"status": {"phase": "Running", "containerStatuses": containers}}))
    }

    #[test]
    fn main_containers_decide_once_initialized() {
        let running =
            json!({"name": "a", "ready": true, "restartCount": 2, "state": {"running": {}}});
        let ended = |code: i64, reason: &str| json!({"name": "b", "restartCount": 1, "state": {"terminated": {"exitCode": code, "reason": reason}}});
        let waiting = json!({"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}});
        let cases = [
            ("running", json!([running, running]), "2/2 Running 4"),
            (
                "first has the last word",
                json!([waiting, ended(1, "Error")]),
                "0/2 CrashLoopBackOff 1",
            ),
            ("error", json!([ended(1, "Error")]), "0/2 Error 1"),
            ("exit code", json!([ended(7, "")]), "0/2 ExitCode:7 1"),
            ("completed beside running", json!([running, ended(0, "Completed")]), "1/2 NotReady 3"),
            (
                "completed beside error",
                json!([ended(0, "Completed"), ended(2, "Error")]),
                "0/2 Error 2",
            ),
            ("nothing known", json!([]), "0/2 Running 0"),
        ];
        for (name, containers, expected) in cases {
            assert_eq!(status(&containers), expected, "{name}");
        }
    }

    #[test]
    fn init_containers_come_first() {
        let spec = json!({"containers": [{"name": "m"}], "initContainers":
            [{"name": "one"}, {"name": "side", "restartPolicy": "Always"}]});
        let with = |inits: Value, more: Value| {
            let mut status = json!({"phase": "Pending", "initContainerStatuses": inits,
                "containerStatuses": [{"name": "m", "restartCount": 5, "state": {"waiting": {"reason": "PodInitializing"}}}]});
            if let (Some(status), Some(more)) = (status.as_object_mut(), more.as_object()) {
                status.extend(more.clone());
            }
            summary(json!({"spec": spec, "status": status}))
        };
        let done =
            json!({"name": "one", "restartCount": 1, "state": {"terminated": {"exitCode": 0}}});
        let side = json!({"name": "side", "started": true, "ready": true, "restartCount": 3, "state": {"running": {}}});
        let cases = [
            (
                "first waits",
                json!([{"name": "one", "state": {"waiting": {"reason": "PodInitializing"}}}]),
                json!({}),
                "0/2 Init:0/2 0",
            ),
            (
                "second runs",
                json!([done, {"name": "side", "started": false, "state": {"running": {}}}]),
                json!({}),
                "0/2 Init:1/2 1",
            ),
            (
                "failed",
                json!([{"name": "one", "restartCount": 2, "state": {"terminated": {"exitCode": 1, "signal": 9}}}]),
                json!({}),
                "0/2 Init:Signal:9 2",
            ),
            (
                "backs off",
                json!([{"name": "one", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]),
                json!({}),
                "0/2 Init:CrashLoopBackOff 0",
            ),
            ("done", json!([done, side]), json!({}), "1/2 PodInitializing 8"),
            (
                "initialized once",
                json!([{"name": "one", "restartCount": 9, "state": {"running": {}}}]),
                json!({"conditions": [{"type": "Initialized", "status": "True"}]}),
                "0/2 PodInitializing 5",
            ),
        ];
        for (name, inits, more, expected) in cases {
            assert_eq!(with(inits, more), expected, "{name}");
        }
    }

    #[test]
    fn reasons_of_the_pod() {
        let cases = [
            (json!({"phase": "Failed", "reason": "Evicted"}), false, "Evicted"),
            (
                json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}),
                false,
                "SchedulingGated",
            ),
            (json!({"phase": "Running"}), true, "Terminating"),
            (json!({"phase": "Succeeded"}), true, "Succeeded"),
            (json!({"phase": "Running", "reason": "NodeLost"}), true, "Unknown"),
        ];
        for (status, deleted, expected) in cases {
            let mut pod = json!({"status": status, "metadata": {}});
            if deleted {
                pod["metadata"]["deletionTimestamp"] = json!("2026-11-22T14:00:00Z");
            }
            assert_eq!(summary(pod), format!("0/2 {expected} 0"));
        }
    }
}

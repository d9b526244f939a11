//! Who else is in the pod of a probe: what a service mesh or another admission put there.

use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod};
use serde::Serialize;

/// A container beside another, as its status says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Sidecar {
    /// Its name.
    pub name: String,
    /// Whether it is ready, or has succeeded and is waited for no more.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: i32,
    /// Unix time from which on it is certain that it was ready all the time, if it is.
    #[serde(skip)]
    since: Option<i64>,
}

impl Sidecar {
    /// Whether it was ready at this Unix time, for certain. Kubernetes tells whole seconds.
    #[must_use]
    pub(crate) fn was_ready_at(&self, seconds: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
        let later = self.since.is_none_or(|since| seconds >= since as f64 + 1.0);
        self.ready && later
    }
}

/// The containers beside the one called `own` that are to run as long as it does.
#[must_use]
pub(crate) fn beside(pod: &Pod, own: &str) -> Vec<Sidecar> {
    let state = |name: String| {
        let status = status(pod, &name);
        Sidecar {
            ready: status.is_some_and(|status| status.ready || is_over(status)),
            restarts: status.map_or(0, |status| status.restart_count),
            since: status.and_then(started).max(all_ready(pod)),
            name,
        }
    };
    sidecars(pod, own).into_iter().map(state).collect()
}

/// When the run of a container began that goes on.
fn started(status: &ContainerStatus) -> Option<i64> {
    let running = status.state.as_ref()?.running.as_ref()?;
    running.started_at.as_ref().map(|time| time.0.as_second())
}

/// When the last container of the pod became ready, if all are.
fn all_ready(pod: &Pod) -> Option<i64> {
    let conditions = pod.status.as_ref()?.conditions.iter().flatten();
    let mut ready = conditions.filter(|one| one.type_ == "ContainersReady" && one.status == "True");
    ready.next()?.last_transition_time.as_ref().map(|time| time.0.as_second())
}

fn status<'p>(pod: &'p Pod, name: &str) -> Option<&'p ContainerStatus> {
    let status = pod.status.as_ref()?;
    let init = status.init_container_statuses.iter().flatten();
    let mut statuses = init.chain(status.container_statuses.iter().flatten());
    statuses.find(|status| status.name == name)
}

/// Names of the containers beside the one called `own` that are to run as long as it does.
#[must_use]
pub(crate) fn sidecars(pod: &Pod, own: &str) -> Vec<String> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let stays = |init: &&Container| init.restart_policy.as_deref() == Some("Always");
    let sidecars = spec.init_containers.iter().flatten().filter(stays);
    let others = spec.containers.iter().filter(|container| container.name != own);
    sidecars.chain(others).map(|container| container.name.clone()).collect()
}

/// Those of them that are not ready. A proxy among them refuses what it will let through a moment later. One that has
/// succeeded is waited for no more.
#[must_use]
pub(crate) fn unready_sidecars(pod: &Pod, own: &str) -> Vec<String> {
    let unready = beside(pod, own).into_iter().filter(|sidecar| !sidecar.ready);
    unready.map(|sidecar| sidecar.name).collect()
}

fn is_over(status: &ContainerStatus) -> bool {
    let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.is_some_and(|ended| ended.exit_code == 0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn unready(init: &Value, containers: &Value, statuses: &Value) -> Vec<String> {
        let pod = json!({
            "spec": {"initContainers": init, "containers": containers},
            "status": {"containerStatuses": statuses},
        });
        unready_sidecars(&serde_json::from_value(pod).expect("a pod"), "probe")
    }

    fn status(name: &str, ready: bool, state: &Value) -> Value {
        json!({"name": name, "image": "", "imageID": "", "ready": ready, "restartCount": 0, "state": state})
    }

    #[test]
    fn who_is_waited_for() {
        let none = json!([]);
        let (running, over) = (json!({"running": {}}), json!({"terminated": {"exitCode": 0}}));
        let alone = json!([{"name": "probe"}]);
        let two = json!([{"name": "mesh"}, {"name": "probe"}]);
        let own = status("probe", false, &running);
        assert_eq!(unready(&none, &alone, &json!([own])), [""; 0], "never itself");
        assert_eq!(unready(&none, &two, &none), ["mesh"], "of which nothing is known yet");
        let failed = json!({"terminated": {"exitCode": 1}});
        let cases =
            [(false, &running, 1), (true, &running, 0), (false, &over, 0), (false, &failed, 1)];
        for (ready, state, count) in cases {
            let statuses = json!([own, status("mesh", ready, state)]);
            assert_eq!(unready(&none, &two, &statuses).len(), count, "{statuses}");
        }
        let init = json!([{"name": "once"}, {"name": "mesh", "restartPolicy": "Always"}]);
        assert_eq!(unready(&init, &alone, &none), ["mesh"]);
    }

    #[test]
    fn since_when_a_sidecar_is_ready() {
        let mesh = |ready: bool, state: &Value, all_ready: &str| {
            let condition = json!({"type": "ContainersReady", "status": all_ready,
                "lastTransitionTime": "2026-01-01T00:00:20Z"});
            let pod = json!({
                "spec": {"containers": [{"name": "mesh"}, {"name": "probe"}]},
                "status": {"containerStatuses": [status("mesh", ready, state)], "conditions": [condition]},
            });
            beside(&serde_json::from_value(pod).expect("a pod"), "probe").remove(0)
        };
        let begun = json!({"running": {"startedAt": "2026-01-01T00:00:10Z"}});
        let at = |second: f64| 1_767_225_600.0 + second;
        let cases = [
            ("it is ready since its readiness probe says so", (true, &begun, "True"), 20.5, false),
            ("and is later", (true, &begun, "True"), 21.0, true),
            ("it runs, and another is not ready", (true, &begun, "False"), 11.0, true),
            ("it has just started again", (true, &begun, "False"), 10.5, false),
            ("it is not ready", (false, &begun, "False"), 60.0, false),
        ];
        for (name, (ready, state, all_ready), second, was_ready) in cases {
            let sidecar = mesh(ready, state, all_ready);
            assert_eq!(sidecar.was_ready_at(at(second)), was_ready, "{name}: {sidecar:?}");
        }
    }
}

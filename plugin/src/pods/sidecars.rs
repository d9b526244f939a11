//! Who else is in the pod of a probe: what a service mesh or another admission put there.

use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod};

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
    let mut unready = sidecars(pod, own);
    unready.retain(|name| !is_ready_or_over(pod, name));
    unready
}

fn is_ready_or_over(pod: &Pod, name: &str) -> bool {
    let Some(status) = &pod.status else { return false };
    let init = status.init_container_statuses.iter().flatten();
    let mut statuses = init.chain(status.container_statuses.iter().flatten());
    statuses
        .find(|status| status.name == name)
        .is_some_and(|status| status.ready || is_over(status))
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
}

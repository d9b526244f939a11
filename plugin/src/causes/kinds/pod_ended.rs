//! The pod has ended. Its last address may be another's by now.

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, CauseKind, Observation};

use super::super::{
    container,
    scene::{Scene, Subject},
    words,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    match scene.subject {
        Subject::Pod(key) => {
            let pod = scene.world.pod(key).known().filter(|pod| container::has_ended(pod))?;
            let address = *container::addresses(pod).first()?;
            let others = scene.pods_at(address).known().unwrap_or_default();
            let heir = others.into_iter().find(|other| !container::has_ended(other));
            let now = match heir {
                Some(heir) => format!("; its address {address} is now that of {}", place(heir)),
                None => String::new(),
            };
            Some(told(pod, format!("pod {} has ended ({}){now}", key.name, ending(pod))))
        }
        Subject::Address(address) if scene.service_key().is_none() => {
            let pods = scene.pods_at(*address).known()?;
            let unreached = scene.is_unconnected() || scene.saw(&[Observation::NotRun]);
            if !unreached || pods.iter().any(|pod| !container::has_ended(pod)) {
                return None;
            }
            let pod = *pods.first()?;
            let message =
                format!("{} had the address {address} and has ended ({})", place(pod), ending(pod));
            Some(told(pod, message))
        }
        _ => None,
    }
}

fn told(pod: &Pod, message: String) -> Cause {
    Cause {
        kind: CauseKind::PodEnded,
        message,
        next: Some(format!("run kubectl get pods -n {} -o wide", container::namespace(pod))),
        object: Some(super::pod_ref(pod)),
    }
}

fn place(pod: &Pod) -> String {
    format!("pod {} of namespace {}", container::name(pod), container::namespace(pod))
}

/// `Succeeded`, `Failed: Evicted`, `Failed: exit code 1 (Error)`.
fn ending(pod: &Pod) -> String {
    let phase = container::phase(pod);
    if let Some(reason) = pod.status.as_ref().and_then(|status| status.reason.as_deref()) {
        return format!("{phase}: {reason}");
    }
    let bad = container::states(pod).filter_map(container::ending).find(|end| end.exit_code != 0);
    match bad {
        Some(end) => {
            let reason = end.reason.as_deref().unwrap_or("ended");
            let said = end.message.as_deref().filter(|_| container::never_ran(end));
            let said = said.map(|said| format!(": {}", words::reason(said))).unwrap_or_default();
            format!("{phase}: {reason}, exit code {}{said}", end.exit_code)
        }
        None => phase.to_owned(),
    }
}

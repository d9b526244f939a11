//! Kinds of mistakes, one file each: a plain function from a scene to a cause. A new one is a file and a line in a list below.

mod all_terminating;
mod cert_expired;
mod cert_is_ca;
mod cert_name_mismatch;
mod cert_unknown_issuer;
mod claim_pending;
mod client_cert_required;
mod config_missing;
mod crash_loop;
mod create_failed;
mod declared;
mod dns_down;
mod endpoints_silent;
mod external_name_dead;
mod family_mismatch;
mod http_status;
mod image_pull;
mod missing;
mod name_suffix;
mod no_endpoints_by_hand;
mod no_local_endpoint;
mod node_not_ready;
mod plain_on_tls_port;
mod pod_ended;
mod pods_not_ready;
mod port_not_declared;
mod port_not_in_service;
mod probe_failing;
mod readiness_gate;
mod refused_while_ready;
mod scaled_to_zero;
mod selector_matches_nothing;
mod service_address_fails;
mod some_endpoints_fail;
mod stale_endpoint;
mod target_port_name;
mod target_port_refused;
#[cfg(test)]
mod tests;
mod tls;
mod tls_on_plain_port;
mod tls_version;
mod udp_port;
mod unschedulable;

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, CauseKind, ObjectRef, Observation};

use self::declared::Declared;
use super::{
    container,
    scene::{Scene, Subject},
    words,
};

type Kind = fn(&Scene<'_>) -> Option<Cause>;

// All kinds, in three lists because the second has one more reader. What stands before is what to mend first: from the
// name to the answer, and from the root to what follows of it.

/// The name, the Service, the port, and whether there are pods at all.
const NAMES: [Kind; 10] = [
    missing::cause,
    name_suffix::cause,
    dns_down::cause,
    external_name_dead::cause,
    port_not_in_service::cause,
    port_not_declared::cause,
    udp_port::cause,
    scaled_to_zero::cause,
    create_failed::cause,
    selector_matches_nothing::cause,
];

/// What holds up pods that are there.
const HOLD_UPS: [Kind; 8] = [
    claim_pending::cause,
    unschedulable::cause,
    node_not_ready::cause,
    image_pull::cause,
    config_missing::cause,
    crash_loop::cause,
    probe_failing::cause,
    readiness_gate::cause,
];

/// From there to a program, and what it answers.
const WAYS: [Kind; 21] = [
    all_terminating::cause,
    pods_not_ready::cause,
    target_port_name::cause,
    no_endpoints_by_hand::cause,
    family_mismatch::cause,
    no_local_endpoint::cause,
    stale_endpoint::cause,
    some_endpoints_fail::cause,
    target_port_refused::cause,
    service_address_fails::cause,
    pod_ended::cause,
    refused_while_ready::cause,
    tls_on_plain_port::cause,
    plain_on_tls_port::cause,
    cert_expired::cause,
    cert_name_mismatch::cause,
    cert_is_ca::cause,
    cert_unknown_issuer::cause,
    tls_version::cause,
    client_cert_required::cause,
    http_status::cause,
];

/// What is said only when nothing better is known.
const LAST: [Kind; 1] = [endpoints_silent::cause];

/// Most causes that are told of one target.
const TOLD: usize = 3;

/// The causes of `scene`, what to mend first at first.
pub(super) fn causes(scene: &Scene<'_>) -> Vec<Cause> {
    let kinds = NAMES.iter().chain(&HOLD_UPS).chain(&WAYS);
    let mut causes: Vec<Cause> = kinds.filter_map(|kind| kind(scene)).collect();
    if causes.is_empty() {
        causes.extend(LAST.iter().filter_map(|kind| kind(scene)));
    }
    causes.truncate(TOLD);
    causes
}

/// The one pod of a target without a Service that is ready and refuses, and the port at which it does.
fn refusing_pod<'s>(scene: &Scene<'s>) -> Option<(&'s Pod, u16)> {
    if !scene.saw(&[Observation::Refused]) || scene.service_key().is_some() {
        return None;
    }
    let asked = scene.asked_port()?;
    match scene.living_pods().as_slice() {
        [pod] if container::is_ready(pod) => Some((pod, asked)),
        _ => None,
    }
}

/// What is wrong with one pod, as the end of a sentence that begins with its name, and what to do.
struct Finding {
    what: String,
    next: String,
}

/// A cause of `kind` if nobody serves the target and `find` finds something in a pod that ought to.
fn blame<'s>(
    scene: &Scene<'s>,
    kind: CauseKind,
    find: impl Fn(&'s Pod) -> Option<Finding>,
) -> Option<Cause> {
    if scene.is_served() {
        return None;
    }
    let pods = scene.living_pods().into_iter().filter(|pod| !container::is_ready(pod));
    let mut found = pods.filter_map(|pod| Some((pod, find(pod)?)));
    let (pod, Finding { what, next }) = found.next()?;
    let others = match found.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let message = format!("{}pod {}{others} {what}", nobody_serves(scene), container::name(pod));
    Some(Cause { kind, message, next: Some(next), object: Some(pod_ref(pod)) })
}

/// What follows for the target from pods that are not ready.
fn nobody_serves(scene: &Scene<'_>) -> String {
    match scene.subject {
        Subject::Pod(_) => String::new(),
        Subject::Address(_) if scene.service_key().is_none() => String::new(),
        _ => format!("{} has no ready pod: ", scene.object()),
    }
}

fn pod_ref(pod: &Pod) -> ObjectRef {
    ObjectRef {
        kind: "Pod".to_owned(),
        namespace: pod.metadata.namespace.clone(),
        name: container::name(pod).to_owned(),
    }
}

/// `run kubectl describe pod web-1 -n shop`.
fn describe(pod: &Pod) -> String {
    format!("run kubectl describe pod {} -n {}", container::name(pod), container::namespace(pod))
}

/// A cause about the Service of `scene`.
fn of_service(scene: &Scene<'_>, kind: CauseKind, message: String, next: String) -> Cause {
    Cause { kind, message, next: Some(next), object: scene.service_ref() }
}

/// `edit its selector: kubectl edit svc web -n shop`.
fn edit_service(scene: &Scene<'_>, what: &str) -> String {
    let key = scene.service_key();
    let (name, namespace) = key.map(|key| (key.name, key.namespace)).unwrap_or_default();
    format!("{what}: kubectl edit svc {name} -n {namespace}")
}

/// Ports as people write them.
fn listed<I: ToString>(ports: impl IntoIterator<Item = I>) -> String {
    let ports: Vec<String> = ports.into_iter().map(|port| port.to_string()).collect();
    words::some(&ports)
}

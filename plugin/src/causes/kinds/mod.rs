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
mod headless_port;
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
mod unschedulable;
mod wrong_transport;

use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::{Cause, CauseKind, ObjectRef, Observation};

use self::declared::Declared;
use super::{
    container,
    scene::{Scene, Subject},
    words,
};

type Kind = fn(&Scene<'_>) -> Option<Cause>;

/// What holds up one pod, if it is of this kind.
type Find = fn(&Scene<'_>, &Pod) -> Option<Finding>;

// All kinds, in lists. What stands before is what to mend first: from the name to the answer, and from the root to what
// follows of it.

/// The name, the Service, the port, and whether there are pods at all, somewhere.
const NAMES: [Kind; 12] = [
    missing::cause,
    name_suffix::cause,
    dns_down::cause,
    external_name_dead::cause,
    port_not_in_service::cause,
    headless_port::cause,
    port_not_declared::cause,
    wrong_transport::cause,
    scaled_to_zero::cause,
    create_failed::cause,
    selector_matches_nothing::cause,
    node_not_ready::cause,
];

/// What holds up pods that are there, each for itself. The last is what is said of one when no other holds.
const HOLD_UPS: [(CauseKind, Find); 8] = [
    (CauseKind::ClaimPending, claim_pending::find),
    (CauseKind::Unschedulable, unschedulable::find),
    (CauseKind::ImagePull, image_pull::find),
    (CauseKind::ConfigMissing, config_missing::find),
    (CauseKind::CrashLoop, crash_loop::find),
    (CauseKind::ProbeFailing, probe_failing::find),
    (CauseKind::ReadinessGate, readiness_gate::find),
    (CauseKind::PodsNotReady, pods_not_ready::find),
];

/// From there to a program, and what it answers.
const WAYS: [Kind; 20] = [
    all_terminating::cause,
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
    let of = |kinds: &[Kind]| kinds.iter().filter_map(|kind| kind(scene)).collect::<Vec<_>>();
    let mut causes = of(&NAMES);
    causes.extend(held_up(scene, TOLD.saturating_sub(causes.len())));
    causes.extend(of(&WAYS));
    if causes.is_empty() {
        causes = of(&LAST);
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

/// A reason why pods are not ready: the first of them, and how many they are.
struct HeldUp<'s> {
    rank: usize,
    kind: CauseKind,
    plight: String,
    pod: &'s Pod,
    pods: usize,
    finding: Finding,
}

/// If nobody serves the target, what holds up the pods that ought to, each reason once: `told` of them, and how many more
/// there are.
fn held_up(scene: &Scene<'_>, told: usize) -> Vec<Cause> {
    if scene.is_served() || node_not_ready::cause(scene).is_some() {
        return Vec::new();
    }
    let mut reasons: Vec<HeldUp<'_>> = Vec::new();
    for pod in scene.living_pods().into_iter().filter(|pod| !container::is_ready(pod)) {
        let plight = container::plight(pod);
        for (rank, kind, finding) in findings(scene, pod) {
            let is_known = |known: &&mut HeldUp<'_>| known.rank == rank && known.plight == plight;
            if let Some(known) = reasons.iter_mut().find(is_known) {
                known.pods += 1;
            } else {
                let plight = plight.clone();
                reasons.push(HeldUp { rank, kind, plight, pod, pods: 1, finding });
            }
        }
    }
    reasons.sort_by_key(|reason| reason.rank);
    let more = reasons.len().saturating_sub(told);
    reasons.truncate(told);
    let mut causes: Vec<Cause> = reasons.into_iter().map(|reason| reason.cause(scene)).collect();
    if let Some(last) = causes.last_mut().filter(|_| more > 0) {
        let reasons = words::count(more, "more reason");
        last.message = format!("{}; {reasons} for other pods", last.message);
    }
    causes
}

/// What holds up `pod`, by rank. What stands last is only for pods of which nothing else is known.
fn findings(scene: &Scene<'_>, pod: &Pod) -> Vec<(usize, CauseKind, Finding)> {
    let find =
        |(rank, (kind, find)): (usize, &(CauseKind, Find))| Some((rank, *kind, find(scene, pod)?));
    let mut found: Vec<_> = HOLD_UPS.iter().enumerate().filter_map(find).collect();
    if found.len() > 1 {
        found.retain(|(rank, ..)| rank + 1 < HOLD_UPS.len());
    }
    found
}

impl HeldUp<'_> {
    fn cause(self, scene: &Scene<'_>) -> Cause {
        let others = match self.pods - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let (name, what) = (container::name(self.pod), self.finding.what);
        let message = format!("{}pod {name}{others} {what}", nobody_serves(scene));
        let object = Some(pod_ref(self.pod));
        Cause { kind: self.kind, message, next: Some(self.finding.next), object }
    }
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

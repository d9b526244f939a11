//! What a pod's status says about it and its containers.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus,
    Pod, PodCondition,
};

use kubectl_pods_report::Transport;

use crate::targets::ports_of_pod;

pub(super) use crate::pods::{has_ended, phase};

pub(super) fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

pub(super) fn uid(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

pub(super) fn namespace(pod: &Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or_default()
}

pub(super) fn node(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

pub(super) fn is_going(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

pub(super) fn condition<'p>(pod: &'p Pod, kind: &str) -> Option<&'p PodCondition> {
    let conditions = pod.status.as_ref()?.conditions.iter().flatten();
    conditions.into_iter().find(|condition| condition.type_ == kind)
}

pub(super) fn is_ready(pod: &Pod) -> bool {
    !is_going(pod) && condition(pod, "Ready").is_some_and(|ready| ready.status == "True")
}

/// The states of its containers: those that come first in time first.
pub(super) fn states(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let init = status.into_iter().flat_map(|s| s.init_container_statuses.iter().flatten());
    init.chain(status.into_iter().flat_map(|s| s.container_statuses.iter().flatten()))
}

/// The first container that waits for one of these reasons; of any if there are none.
pub(super) fn waiting<'p>(
    pod: &'p Pod,
    reasons: &[&str],
) -> Option<(&'p ContainerStatus, &'p ContainerStateWaiting)> {
    states(pod).find_map(|status| {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.as_deref().unwrap_or_default();
        (reasons.is_empty() || reasons.contains(&reason)).then_some((status, waiting))
    })
}

/// How a container ended last, if it did: in its present state, or before that.
pub(super) fn ending(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    let now = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    now.or_else(|| status.last_state.as_ref()?.terminated.as_ref())
}

/// Whether its log is that of the run before: the one that runs now, or waits, has said nothing of the ending.
pub(super) fn ended_before(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_none_or(|state| state.terminated.is_none())
}

/// The declaration of the container with this name, wherever it stands.
pub(super) fn declared<'p>(pod: &'p Pod, name: &str) -> Option<&'p Container> {
    let spec = pod.spec.as_ref()?;
    let mut all = spec.init_containers.iter().flatten().chain(&spec.containers);
    all.find(|container| container.name == name)
}

/// The container that ends again and again, or has ended badly: it is not up, and its last ending was no good.
pub(super) fn crashed(pod: &Pod) -> Option<(&ContainerStatus, &ContainerStateTerminated)> {
    states(pod).find_map(|status| {
        let ending = ending(status)?;
        let is_back_off =
            matches!(waits_for(status), Some("CrashLoopBackOff" | "RunContainerError"));
        let again = status.restart_count > 0 && !status.ready;
        (is_back_off || (again && ending.exit_code != 0) || (!status.ready && is_bad_end(status)))
            .then_some((status, ending))
    })
}

/// Whether its program could not even be started.
pub(super) fn never_ran(ending: &ContainerStateTerminated) -> bool {
    matches!(ending.reason.as_deref(), Some("StartError" | "ContainerCannotRun"))
}

fn waits_for(status: &ContainerStatus) -> Option<&str> {
    status.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

/// What its status alone says of why it is not ready: the same for pods that are so for the same reason.
pub(super) fn plight(pod: &Pod) -> String {
    let unscheduled =
        condition(pod, "PodScheduled").filter(|condition| condition.status == "False");
    let mut plight =
        unscheduled.and_then(|condition| condition.message.clone()).unwrap_or_default();
    for status in states(pod).filter(|status| !status.ready) {
        let image = declared(pod, &status.name).and_then(|container| container.image.as_deref());
        let ending = ending(status).map(|ending| (ending.exit_code, ending.reason.as_deref()));
        // The kubelet alternates between two words for an image that it cannot pull.
        let waits =
            waits_for(status).map(|reason| if reason.contains("Image") { "image" } else { reason });
        let of_it = match (ending, waits) {
            (Some((code, reason)), _) => format!("{code} {}", reason.unwrap_or_default()),
            (None, waits) => waits.unwrap_or("runs").to_owned(),
        };
        plight = format!("{plight}\n{} {} {of_it}", status.name, image.unwrap_or_default());
    }
    plight
}

/// Whether it has ended just now, with an error.
fn is_bad_end(status: &ContainerStatus) -> bool {
    let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.is_some_and(|ended| ended.exit_code != 0)
}

/// The ports that its containers declare, sidecars included.
pub(super) fn ports(pod: &Pod) -> impl Iterator<Item = &ContainerPort> {
    let containers = pod.spec.iter().flat_map(|spec| {
        let sidecars = spec.init_containers.iter().flatten();
        let sidecars = sidecars.filter(|init| init.restart_policy.as_deref() == Some("Always"));
        spec.containers.iter().chain(sidecars)
    });
    containers.flat_map(|container| container.ports.iter().flatten())
}

/// The numbers of those for `transport`.
pub(super) fn port_numbers(pod: &Pod, transport: Transport) -> Vec<u16> {
    ports_of_pod(pod, transport).into_iter().map(|port| port.number).collect()
}

/// All its addresses.
pub(super) fn addresses(pod: &Pod) -> Vec<IpAddr> {
    let Some(status) = &pod.status else { return Vec::new() };
    let all = status.pod_ips.iter().flatten().map(|address| &address.ip).chain(&status.pod_ip);
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in all.filter_map(|address| address.parse().ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Where a program may listen that declares its port, and refuses at `address`. Of two families, many listen on one.
pub(super) fn may_listen(pod: &Pod, address: Option<IpAddr>) -> String {
    let other = |one: &IpAddr| address.is_some_and(|address| address.is_ipv6() != one.is_ipv6());
    let family = match addresses(pod).iter().find(|one| other(one)) {
        Some(IpAddr::V4(_)) => "on IPv4 only, ",
        Some(IpAddr::V6(_)) => "on IPv6 only, ",
        None => "",
    };
    format!("it may listen {family}on 127.0.0.1 only, or on another port")
}

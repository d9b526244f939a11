//! The Service is of one address family, and its pods have addresses of the other only.

use std::net::IpAddr;

use kubectl_pods_report::{Cause, CauseKind};

use super::super::{container, scene::Scene};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, service) = scene.known_service()?;
    let families = service.spec.as_ref()?.ip_families.as_ref()?;
    let [family] = families.as_slice() else { return None };
    let pods = scene.living_pods();
    let mut ready = pods.iter().filter(|pod| container::is_ready(pod));
    let is_of_it = |address: &IpAddr| address.is_ipv6() == (family == "IPv6");
    if scene.is_served() || pods.is_empty() {
        return None;
    }
    let is_other = |pod: &&&k8s_openapi::api::core::v1::Pod| {
        let addresses = container::addresses(pod);
        !addresses.is_empty() && !addresses.iter().any(is_of_it)
    };
    let pod = ready.find(is_other)?;
    let other = if family == "IPv6" { "IPv4" } else { "IPv6" };
    let message = format!(
        "{} is of {family} only, and its pods have only {other} addresses ({})",
        scene.object(),
        container::name(pod)
    );
    let next = super::edit_service(scene, "set its ipFamilies");
    Some(super::of_service(scene, CauseKind::FamilyMismatch, message, next))
}

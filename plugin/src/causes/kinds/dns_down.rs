//! No name can be resolved, because nothing stands behind the cluster's DNS.

use kubectl_pods_report::{Cause, CauseKind, ObjectRef, Observation};

use super::super::{scene::Scene, wants::dns_service, words};
use crate::targets;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if !scene.is_inside || !scene.saw(&[Observation::DnsTimeout, Observation::DnsServfail]) {
        return None;
    }
    let dns = dns_service();
    let slices = scene.world.slices(&dns).known()?;
    // A cluster whose DNS is called otherwise has no slices of this name, and nothing is known about it.
    if slices.is_empty() {
        return None;
    }
    let endpoints = targets::endpoints(slices, Some("dns"));
    if !targets::usable(&endpoints).is_empty() {
        return None;
    }
    let message = format!(
        "the cluster's DNS (svc/{} of namespace {}) has no ready endpoint ({} in all)",
        dns.name,
        dns.namespace,
        words::count(endpoints.len(), "address")
    );
    let next = format!("run kubectl get pods -n {} -l k8s-app={}", dns.namespace, dns.name);
    let object =
        ObjectRef { kind: "Service".to_owned(), namespace: Some(dns.namespace), name: dns.name };
    Some(Cause { kind: CauseKind::DnsDown, message, next: Some(next), object: Some(object) })
}

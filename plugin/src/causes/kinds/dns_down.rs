//! No name can be resolved, because nothing stands behind the cluster's DNS, or what stands there does not answer.

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
    let (ready, all) = (targets::usable(&endpoints).len(), endpoints.len());
    let service = format!("svc/{} of namespace {}", dns.name, dns.namespace);
    let pods = format!("-n {} -l k8s-app={}", dns.namespace, dns.name);
    let (message, next) = if ready == 0 {
        let all = words::count(all, "address");
        let message = format!("the cluster's DNS ({service}) has no ready endpoint ({all} in all)");
        (message, format!("run kubectl get pods {pods}"))
    } else {
        // Of other names the servers that this one asks may be silent, or fail.
        if !scene.saw(&[Observation::DnsTimeout]) || !scene.is_cluster_name() {
            return None;
        }
        let ready = words::count(ready, "ready endpoint");
        let from = scene.node.map(|node| format!(" on {node}")).unwrap_or_default();
        let message = format!(
            "the cluster's DNS ({service}) has {ready} and did not answer the probe{from}: a NetworkPolicy without an exception for DNS, or what leads to it there (kube-proxy, or what stands for it)"
        );
        let next =
            format!("run kubectl get networkpolicies -n {}, and kubectl logs {pods}", scene.home());
        (message, next)
    };
    let object =
        ObjectRef { kind: "Service".to_owned(), namespace: Some(dns.namespace), name: dns.name };
    Some(Cause { kind: CauseKind::DnsDown, message, next: Some(next), object: Some(object) })
}

//! What is still to be read of a scene: from the name to what holds its pods up, one step a round. Plain functions.

use std::collections::BTreeMap;

use cluster::{look::Answer, workloads::Workload};
use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::Observation;

use super::{
    container,
    scene::{Scene, Subject},
    world::{Key, Want},
};

/// Pods of one target that are looked at closely: what is wrong with one is wrong with the others mostly.
const CLOSELY: usize = 4;
/// Endpoints whose pod is looked for.
const STALE: usize = 8;

/// The Service of a cluster's DNS, also where CoreDNS runs.
pub(super) fn dns_service() -> Key {
    Key::new("kube-system", "kube-dns")
}

/// Everything that `scene` needs as far as it is known by now, what was read already among it.
pub(super) fn wants(scene: &Scene<'_>) -> Vec<Want> {
    let mut wants = match scene.subject {
        Subject::Pod(key) => of_pod(scene, key),
        Subject::Workload(kind, key) => vec![Want::Workloads(key.namespace.clone(), *kind)],
        Subject::Address(address) => vec![
            Want::ServicesAt(*address),
            Want::PodsAt { namespace: None, address: *address },
            Want::PodsAt { namespace: Some(scene.namespace.to_owned()), address: *address },
        ],
        Subject::Service(_) | Subject::Host(_) | Subject::Selected(_) => Vec::new(),
    };
    if let Some(key) = scene.service_key() {
        wants.extend(of_service(scene, key));
    }
    if let Some(selector) = scene.selector().filter(|selector| !selector.is_empty()) {
        wants.push(Want::Selected { namespace: scene.home(), selector });
    }
    if matches!(scene.subject, Subject::Workload(..)) && scene.living_pods().is_empty() {
        wants.extend(
            scene.makers().into_iter().map(|(_, maker)| Want::Warnings {
                namespace: scene.home(),
                uid: maker.uid.clone(),
            }),
        );
    }
    if !scene.is_served() {
        let pods = scene.living_pods().into_iter().filter(|pod| !container::is_ready(pod));
        wants.extend(closely(pods.collect()).into_iter().flat_map(of_unready));
    }
    if scene.saw(&[Observation::Dropped, Observation::NoRoute]) {
        wants.extend(nodes(scene));
    }
    if scene.is_inside && scene.saw(&[Observation::DnsTimeout, Observation::DnsServfail]) {
        wants.push(Want::Slices(dns_service()));
    }
    wants
}

fn of_service(scene: &Scene<'_>, key: Key) -> Vec<Want> {
    let mut wants = vec![Want::Slices(key.clone())];
    if !matches!(scene.subject, Subject::Address(_)) {
        wants.push(Want::Service(key.clone()));
    }
    match scene.service() {
        Answer::Missing => {
            wants.push(Want::Services(key.namespace.clone()));
            wants.push(Want::Namesakes(key.name));
        }
        Answer::Known(_) => {
            let selects = scene.selector().is_some_and(|selector| !selector.is_empty());
            let nobody = matches!(scene.pods(), Answer::Known(pods) if pods.is_empty());
            if selects && nobody {
                wants.push(Want::Pods(key.namespace.clone()));
                let kinds = [Workload::Deployment, Workload::StatefulSet];
                wants.extend(kinds.map(|kind| Want::Workloads(key.namespace.clone(), kind)));
            }
            wants.extend(of_endpoints(scene, &key));
        }
        Answer::Unread(_) => {}
    }
    wants
}

/// The pods that endpoints are said to be, where they are not among those that the Service selects.
fn of_endpoints(scene: &Scene<'_>, key: &Key) -> Vec<Want> {
    // Without a selector there are none, and every pod that is named is looked for.
    let selector = scene.selector().filter(|selector| !selector.is_empty());
    let pods = match (selector, scene.pods()) {
        (None, _) => Vec::new(),
        (Some(_), Answer::Known(pods)) => pods,
        (Some(_), _) => return Vec::new(),
    };
    let endpoints = scene.endpoints().known().unwrap_or_default();
    let named = endpoints.into_iter().filter_map(|endpoint| endpoint.pod);
    let strange = named.filter(|(name, _)| !pods.iter().any(|pod| container::name(pod) == name));
    strange.take(STALE).map(|(name, _)| Want::Pod(Key::new(&key.namespace, &name))).collect()
}

fn of_pod(scene: &Scene<'_>, key: &Key) -> Vec<Want> {
    let mut wants = vec![Want::Pod(key.clone())];
    match scene.world.pod(key) {
        Answer::Missing => {
            wants.push(Want::Pods(key.namespace.clone()));
            wants.push(Want::Services(key.namespace.clone()));
        }
        Answer::Known(pod) if container::has_ended(pod) => {
            let address = pod.status.as_ref().and_then(|status| status.pod_ip.as_ref());
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                wants.push(Want::PodsAt { namespace: None, address });
                let namespace = Some(key.namespace.clone());
                wants.push(Want::PodsAt { namespace, address });
            }
        }
        Answer::Known(_) | Answer::Unread(_) => {}
    }
    wants
}

/// Those of `pods` that are looked at closely: of each plight one first.
fn closely(pods: Vec<&Pod>) -> Vec<&Pod> {
    let mut before: BTreeMap<String, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, &Pod)> = Vec::new();
    for pod in pods {
        let rank = before.entry(container::plight(pod)).or_default();
        ranked.push((*rank, pod));
        *rank += 1;
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().take(CLOSELY).map(|(_, pod)| pod).collect()
}

/// What holds up a pod that is not ready.
fn of_unready(pod: &Pod) -> Vec<Want> {
    let (namespace, name) = (container::namespace(pod), container::name(pod));
    let uid = container::uid(pod).to_owned();
    let mut wants = vec![Want::Warnings { namespace: namespace.to_owned(), uid }];
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    wants.extend(claims.map(|claim| Want::Claim(Key::new(namespace, &claim.claim_name))));
    if let Some((status, _)) = container::crashed(pod) {
        wants.push(Want::Log {
            pod: Key::new(namespace, name),
            container: status.name.clone(),
            previous: container::ended_before(status),
        });
    }
    wants.extend(container::node(pod).map(|node| Want::Node(node.to_owned())));
    wants
}

/// The nodes of pods that are silent.
fn nodes(scene: &Scene<'_>) -> Vec<Want> {
    let pods = scene.living_pods().into_iter();
    let mut nodes: Vec<Want> =
        pods.filter_map(container::node).map(|node| Want::Node(node.to_owned())).collect();
    nodes.dedup();
    nodes.truncate(CLOSELY);
    nodes
}

//! There is no such Service, pod or workload. Something else may have nearly that name, or have it elsewhere.

use cluster::look::Answer;
use kubectl_pods_report::{Cause, CauseKind, ObjectRef, Observation};

use super::super::{
    container,
    scene::{Scene, Subject, short},
    words,
    world::{Key, Want},
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    match scene.subject {
        Subject::Pod(key) => pod(scene, key),
        Subject::Workload(kind, key) => {
            if !matches!(scene.workload(), Answer::Missing) {
                return None;
            }
            let all = scene.world.workloads(&key.namespace, *kind).known()?;
            let names = all.iter().map(|workload| workload.name.as_str());
            let near = words::nearest(&key.name, names);
            let near = near.map(|near| format!("{}/{near}", short(*kind)));
            Some(told(&format!("{kind:?}"), key, near.as_deref(), &[]))
        }
        Subject::Service(_) => service(scene),
        Subject::Host(_) if scene.name_is_unknown() && scene.is_cluster_name() => service(scene),
        Subject::Host(_) | Subject::Address(_) | Subject::Selected(_) => None,
    }
}

fn service(scene: &Scene<'_>) -> Option<Cause> {
    let key = scene.service_key()?;
    if !matches!(scene.service(), Answer::Missing) {
        return None;
    }
    let neighbours = scene.world.services(&Want::Services(key.namespace.clone())).known();
    let names = neighbours.unwrap_or_default().iter().filter_map(|s| s.metadata.name.as_deref());
    let near = words::nearest(&key.name, names).map(|near| format!("svc/{near}"));
    let namesakes = scene.world.services(&Want::Namesakes(key.name.clone())).known();
    let places = namesakes.unwrap_or_default().iter();
    let places = places.filter_map(|service| service.metadata.namespace.clone());
    Some(told("Service", &key, near.as_deref(), &places.collect::<Vec<_>>()))
}

fn pod(scene: &Scene<'_>, key: &Key) -> Option<Cause> {
    if !scene.saw(&[Observation::Absent]) || !matches!(scene.world.pod(key), Answer::Missing) {
        return None;
    }
    let services = scene.world.services(&Want::Services(key.namespace.clone())).known();
    let mut names = services.unwrap_or_default().iter().filter_map(|s| s.metadata.name.as_deref());
    if names.any(|name| name == key.name) {
        let mut cause = told("pod", key, None, &[]);
        cause.message.push_str(", but a Service");
        cause.next = Some(format!("name it svc/{}", key.name));
        return Some(cause);
    }
    let pods = scene.world.pods(&Want::Pods(key.namespace.clone())).known().unwrap_or_default();
    let near = words::nearest(&key.name, pods.iter().map(container::name));
    Some(told("pod", key, near, &[]))
}

fn told(kind: &str, key: &Key, near: Option<&str>, places: &[String]) -> Cause {
    let Key { namespace, name } = key;
    let mut message = format!("there is no {kind} {name} in namespace {namespace}");
    if !places.is_empty() {
        let namespaces = if places.len() == 1 { "namespace" } else { "namespaces" };
        let have = if places.len() == 1 { "has" } else { "have" };
        message = format!("{message}; {namespaces} {} {have} one", words::some(places));
    }
    let next = match (near, places.first()) {
        (Some(near), _) => format!("did you mean {near}?"),
        (None, Some(place)) => format!("name it as {name}.{place}, or add -n {place}"),
        (None, None) => {
            let plural = kind.to_lowercase();
            format!("run kubectl get {plural}s -n {namespace}")
        }
    };
    let kind = if kind == "pod" { "Pod" } else { kind };
    let object =
        ObjectRef { kind: kind.to_owned(), namespace: Some(namespace.clone()), name: name.clone() };
    Cause { kind: CauseKind::Missing, message, next: Some(next), object: Some(object) }
}

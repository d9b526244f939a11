//! All reading, with the user's own rights: what the scenes want, and what that makes them want further.

use std::{collections::BTreeSet, time::Duration};

use cluster::{
    Cluster,
    look::{self, Among, Answer},
    workloads,
};
use futures_util::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::{Event, Pod};
use tokio::time::{Instant, timeout_at};

use super::{
    case::Case,
    wants,
    world::{Data, Want, World},
};
use crate::{launch::probe_pod, pods::is_overcome};

/// How long looking around may take in all. What has not come by then was not looked at.
const LIMIT: Duration = Duration::from_secs(2);
/// Requests under way at once.
const AT_ONCE: usize = 16;
/// Steps from the name to the root: the Service, its pods, what holds them up, and what is behind that.
const ROUNDS: usize = 5;
/// Lines of a log that are read.
const LOG_LINES: u16 = 5;

/// Reads what `cases` need.
pub(super) async fn gather(cluster: &Cluster, cases: &[Case<'_>]) -> World {
    let mut world = World::default();
    let deadline = Instant::now() + LIMIT;
    for _ in 0..ROUNDS {
        let wanted = cases.iter().flat_map(|case| wants::wants(&case.scene(&world)));
        let wanted: BTreeSet<Want> = wanted.filter(|want| !world.has(want)).collect();
        if wanted.is_empty() {
            break;
        }
        read_all(cluster, wanted, deadline, &mut world).await;
    }
    world
}

async fn read_all(cluster: &Cluster, wanted: BTreeSet<Want>, deadline: Instant, world: &mut World) {
    let reads = wanted.iter().cloned().map(|want| async move {
        let answer = read(cluster, &want).await;
        (want, answer)
    });
    let mut answers = stream::iter(reads).buffer_unordered(AT_ONCE);
    while let Ok(Some((want, answer))) = timeout_at(deadline, answers.next()).await {
        world.put(want, answer);
    }
    drop(answers);
    for want in wanted {
        if !world.has(&want) {
            let late = format!("no answer within {} s", LIMIT.as_secs());
            world.put(want, Answer::Unread(late));
        }
    }
}

async fn read(cluster: &Cluster, want: &Want) -> Answer<Data> {
    let within = |namespace| Among { namespace: Some(namespace), ..Among::default() };
    match want {
        Want::Service(key) => object(cluster, &key.namespace, &key.name, Data::Service).await,
        Want::Pod(key) => object(cluster, &key.namespace, &key.name, Data::Pod).await,
        Want::Claim(key) => object(cluster, &key.namespace, &key.name, Data::Claim).await,
        Want::Node(name) => as_data(look::node(cluster, name).await, |n| Data::Node(Box::new(n))),
        Want::Slices(key) => {
            let labels = &format!("kubernetes.io/service-name={}", key.name);
            let among = Among { labels, ..within(&key.namespace) };
            as_data(look::objects(cluster, among).await, Data::Slices)
        }
        Want::Services(namespace) => services(cluster, within(namespace)).await,
        Want::Namesakes(name) => {
            let fields = &format!("metadata.name={name}");
            services(cluster, Among { fields, ..Among::default() }).await
        }
        Want::ServicesAt(address) => {
            let fields = &format!("spec.clusterIP={address}");
            services(cluster, Among { fields, ..Among::default() }).await
        }
        Want::Selected { namespace, selector } => {
            pods(cluster, Among { labels: selector, ..within(namespace) }).await
        }
        Want::Pods(namespace) => pods(cluster, within(namespace)).await,
        Want::PodsAt { namespace, address } => {
            let fields = &format!("status.podIP={address}");
            let namespace = namespace.as_deref();
            pods(cluster, Among { namespace, fields, ..Among::default() }).await
        }
        Want::Workloads(namespace, kind) => {
            as_data(workloads::states(cluster, namespace, *kind).await, Data::Workloads)
        }
        Want::Warnings { namespace, uid } => warnings(cluster, namespace, uid).await,
        Want::Log { pod, container, previous } => {
            let (namespace, name) = (&pod.namespace, &pod.name);
            let log = look::end_of_log(cluster, namespace, name, container, *previous, LOG_LINES);
            as_data(log.await, Data::Log)
        }
    }
}

async fn object<K: cluster::objects::Object>(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    data: fn(Box<K>) -> Data,
) -> Answer<Data> {
    as_data(look::object(cluster, namespace, name).await, |object| data(Box::new(object)))
}

async fn services(cluster: &Cluster, among: Among<'_>) -> Answer<Data> {
    as_data(look::objects(cluster, among).await, Data::Services)
}

/// Probes come and go, ours just now, and are nobody's target.
async fn pods(cluster: &Cluster, among: Among<'_>) -> Answer<Data> {
    as_data(look::objects(cluster, among).await, |mut pods: Vec<Pod>| {
        pods.retain(|pod| !probe_pod::is_one_shot(pod));
        Data::Pods(pods)
    })
}

/// What the cluster still warns of: read is also what it said later, by which a warning may be overcome.
async fn warnings(cluster: &Cluster, namespace: &str, uid: &str) -> Answer<Data> {
    let fields = &format!("involvedObject.uid={uid}");
    let among = Among { namespace: Some(namespace), fields, ..Among::default() };
    as_data(look::objects(cluster, among).await, |mut events: Vec<Event>| {
        events.sort_by_key(cluster::events::last_second);
        Data::Warnings(standing(events))
    })
}

/// The warnings among `events` that nothing later has overcome, in their order.
fn standing(events: Vec<Event>) -> Vec<Event> {
    let reasons: Vec<String> =
        events.iter().map(|event| event.reason.clone().unwrap_or_default()).collect();
    let mut standing = events;
    let mut place = 0;
    standing.retain(|event| {
        place += 1;
        event.type_.as_deref() == Some("Warning")
            && !is_overcome(&reasons[place - 1], &reasons[place..])
    });
    standing
}

fn as_data<T>(answer: Answer<T>, data: impl FnOnce(T) -> Data) -> Answer<Data> {
    match answer {
        Answer::Known(known) => Answer::Known(data(known)),
        Answer::Missing => Answer::Missing,
        Answer::Unread(why) => Answer::Unread(why),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_was_overcome_is_no_warning() {
        let event = |(kind, reason): &(&str, &str)| json!({"metadata": {}, "involvedObject": {}, "type": kind, "reason": reason});
        let left = |events: &[(&str, &str)]| -> Vec<String> {
            let events: Value = events.iter().map(event).collect();
            let events = standing(serde_json::from_value(events).expect("events"));
            events.into_iter().filter_map(|event| event.reason).collect()
        };
        let mount = ("Warning", "FailedMount");
        assert_eq!(left(&[("Normal", "Scheduled"), mount]), ["FailedMount"]);
        assert_eq!(left(&[mount, ("Normal", "Pulling")]), [""; 0]);
        let image = [mount, ("Normal", "Pulling"), ("Warning", "Failed"), ("Normal", "BackOff")];
        assert_eq!(left(&image), ["Failed"]);
        let made = [("Warning", "FailedCreate"), ("Normal", "SuccessfulCreate")];
        assert_eq!(left(&made), [""; 0]);
    }
}

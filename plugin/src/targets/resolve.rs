//! Targets become addresses: the only part of a check that asks the cluster what things are called.
//!
//! What the cluster already knows is not tried. A pod that has ended keeps its last address in its status, and that
//! address may belong to another pod by now: such a target is settled here, as stopped. A pod without an address is
//! settled as not run: that says nothing about what it will be like once it runs. An object that does not exist is settled
//! as absent, in the server's words: one wrong name must not take the answers of nine others away.

use std::{net::Ipv6Addr, time::Duration};

use anyhow::{Context as _, bail};
use cluster::{
    Cluster, pods,
    workloads::{self, Workload},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Pod;
use kubectl_pods_report::Observation;
use tokio::time::timeout;

use super::{
    addressing::Addressing,
    metadata,
    places::{
        FoundPlace, Places, Resolution, Resolved, Wanted, each_port, named_after, stem,
        without_ports,
    },
    ports::{self, NoPort, Port},
    service,
    target::{Place, Target, TargetKind},
};
use crate::pods::ending;

/// Targets that are looked up at once: each needs a connection of its own.
const LOOKUPS: usize = 8;

/// Finds the addresses of all targets, in their order, and which of them `addressing` replaces. `cluster` is needed only for
/// targets that are objects.
///
/// # Errors
///
/// When an object may not be read, and when the API server has not answered within `limit`. Of several errors the one of the first target.
pub(crate) async fn resolve<'t>(
    cluster: Option<&Cluster>,
    targets: &'t [Target],
    wanted: Wanted,
    addressing: &Addressing,
    limit: Duration,
) -> anyhow::Result<Vec<Resolved<'t>>> {
    let places = stream::iter(targets).map(|target| places(cluster, target, wanted, addressing));
    let found = places.buffered(LOOKUPS).try_collect::<Vec<_>>();
    let found = timeout(limit, found).await.unwrap_or_else(|_| {
        bail!("no answer about the targets within {} s: the API server is silent", limit.as_secs())
    })?;
    let resolved = |(target, places): (&'t Target, Places)| {
        let resolved = move |found| {
            let FoundPlace { label, what, standby, every_address, note } =
                metadata::refused(target, found);
            Resolved { standby, every_address, note, ..Resolved::new(label, target, what) }
        };
        places.into_iter().map(resolved)
    };
    let mut found: Vec<_> = targets.iter().zip(found).flat_map(resolved).collect();
    addressing.redirect(&mut found);
    Ok(found)
}

async fn places(
    cluster: Option<&Cluster>,
    target: &Target,
    wanted: Wanted,
    addressing: &Addressing,
) -> anyhow::Result<Places> {
    match &target.place {
        Place::Address(address) => fixed(target, &address.to_string(), wanted),
        Place::Host(host) => {
            let mut places = fixed(target, host, wanted)?;
            let is_its_own = |place: &FoundPlace| addressing.instead(&place.what).is_none();
            if let Some(cluster) = cluster.filter(|_| places.iter().any(is_its_own)) {
                service::stand_by(cluster, host, wanted, &mut places).await;
            }
            Ok(places)
        }
        Place::Object(kind, name) => {
            let cluster = cluster.context("a pod or Service can only be found in a cluster")?;
            object(cluster, target, *kind, name, wanted).await
        }
        Place::Selected(selector) => {
            let cluster = cluster.context("pods can only be found in a cluster")?;
            let pods = pods::list(cluster, &cluster.namespace, selector).await?;
            Ok(of_pods(target, &format!("-l {selector}"), &pods, wanted))
        }
    }
}

/// Refuses what needs no cluster to be refused: an address or a host without a port to try, an address of the other family. `wanted` is that of
/// [`resolve`].
///
/// # Errors
///
/// As [`resolve`], for the first such target.
pub(crate) fn refuse_unfit(targets: &[Target], wanted: Wanted) -> anyhow::Result<()> {
    let fixed = |target: &&Target| matches!(target.place, Place::Address(_) | Place::Host(_));
    targets.iter().filter(fixed).try_for_each(|target| self::fixed(target, "", wanted).map(drop))
}

fn fixed(target: &Target, host: &str, wanted: Wanted) -> anyhow::Result<Places> {
    use kubectl_pods_report::Protocol::{Dns, Grpc, Http, Https, Icmp, Tcp, Udp};

    if let (Place::Address(address), Some(family)) = (&target.place, wanted.family)
        && !family.has(*address)
    {
        let (is, only) = if address.is_ipv4() { ("IPv4", "-6") } else { ("IPv6", "-4") };
        bail!("target {:?} is an {is} address, which {only} leaves out", target.text)
    }
    if !wanted.has_port(target) {
        return Ok(vec![without_ports(target, &target.text, host)]);
    }
    let default = match target.protocol {
        Some(Http) => Some(80),
        Some(Https) => Some(443),
        Some(Tcp | Grpc | Udp | Dns | Icmp) | None => wanted.fallback,
    };
    // Without a declaration there is no reason for a port but that it was named.
    let port = match (&target.port, default) {
        (None, None) => {
            let text = &target.text;
            let example =
                if text.parse::<Ipv6Addr>().is_ok() { format!("[{text}]") } else { text.clone() };
            bail!("target {text:?} names no port: add one, as in {example}:8080")
        }
        (port, default) => {
            ports::select(Vec::new(), &[], wanted.transport(target), port.as_ref(), default)
        }
    };
    match port {
        Ok(port) => Ok(each_port(target, &target.text, host, port)),
        Err(problem) => Ok(vec![FoundPlace::without_port(target, &target.text, problem)]),
    }
}

async fn object(
    cluster: &Cluster,
    target: &Target,
    kind: TargetKind,
    name: &str,
    wanted: Wanted,
) -> anyhow::Result<Places> {
    let workload = match kind {
        TargetKind::Pod => {
            let pod = match pods::get(cluster, &cluster.namespace, name).await? {
                Ok(pod) => pod,
                Err(missing) => return Ok(vec![FoundPlace::absent(target, missing)]),
            };
            return Ok(of_pod(target, &stem(target, kind, name), &pod, wanted));
        }
        TargetKind::Service => return service::find(cluster, target, name, wanted).await,
        TargetKind::Deployment => Workload::Deployment,
        TargetKind::StatefulSet => Workload::StatefulSet,
        TargetKind::DaemonSet => Workload::DaemonSet,
        TargetKind::Job => Workload::Job,
    };
    let selector = match workloads::selector(cluster, &cluster.namespace, workload, name).await? {
        Ok(selector) => selector,
        Err(missing) => return Ok(vec![FoundPlace::absent(target, missing)]),
    };
    let pods = pods::list(cluster, &cluster.namespace, &selector).await?;
    Ok(of_pods(target, &format!("{}/{name}", kind.short()), &pods, wanted))
}

/// Those of `pods` that are ready; `object` is what they belong to.
fn of_pods(target: &Target, object: &str, pods: &[Pod], wanted: Wanted) -> Places {
    let ready: Vec<&Pod> = pods.iter().filter(|pod| is_ready(pod)).collect();
    if ready.is_empty() {
        let describe = match &target.place {
            Place::Selected(selector) => format!("kubectl describe pods -l {selector}"),
            _ => format!("kubectl describe {object}"),
        };
        let problem = format!("{object} has no ready pod ({} in all); see {describe}", pods.len());
        return vec![FoundPlace::settled(target, Observation::NotRun, problem)];
    }
    let problems = ready.iter().map(|pod| select(target, pod, wanted).err());
    if let Some(problem) = the_same(problems) {
        // What no pod has is told once, of what was named.
        return vec![FoundPlace::without_port(
            target,
            &format!("each ready pod of {object}"),
            problem,
        )];
    }
    let mut places = Vec::new();
    for pod in ready {
        let stem = format!("pod/{}", pod.metadata.name.as_deref().unwrap_or_default());
        let mut of_pod = of_pod(target, &stem, pod, wanted);
        for place in &mut of_pod {
            if let Resolution::Settled(..) = place.what {
                place.label = named_after(target, &stem);
            }
        }
        places.extend(of_pod);
    }
    places
}

/// What all of them are, if they are one.
fn the_same<T: PartialEq>(mut all: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The ports at which `target` means `pod`; none where what is spoken has no ports.
fn select(target: &Target, pod: &Pod, wanted: Wanted) -> Result<Vec<Port>, NoPort> {
    if !wanted.has_port(target) {
        return Ok(Vec::new());
    }
    let transport = wanted.transport(target);
    let [declared, others] =
        [transport, ports::other(transport)].map(|transport| ports::of_pod(pod, transport));
    ports::select(declared, &others, transport, target.port.as_ref(), wanted.fallback)
}

fn of_pod(target: &Target, stem: &str, pod: &Pod, wanted: Wanted) -> Places {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    if let Some((observation, reason)) = ending(name, pod) {
        return vec![FoundPlace::settled(target, observation, reason)];
    }
    let addresses = addresses(pod);
    let chosen = wanted.of_family(&addresses);
    if chosen.is_empty() {
        return vec![FoundPlace::of_other_family(target, &format!("pod {name}"), &addresses)];
    }
    if !wanted.has_port(target) {
        let place = |address: &String| without_ports(target, stem, address);
        return chosen.into_iter().map(place).collect();
    }
    match select(target, pod, wanted) {
        Ok(ports) => {
            let of_address = |address: &String| each_port(target, stem, address, ports.clone());
            chosen.into_iter().flat_map(of_address).collect()
        }
        Err(problem) => vec![FoundPlace::without_port(target, &format!("pod {name:?}"), problem)],
    }
}

/// The addresses of a pod, one for each family.
fn addresses(pod: &Pod) -> Vec<String> {
    let status = pod.status.clone().unwrap_or_default();
    let all = status.pod_ips.into_iter().flatten().map(|address| address.ip);
    let all: Vec<String> = all.filter(|address| !address.is_empty()).collect();
    if all.is_empty() { status.pod_ip.into_iter().collect() } else { all }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    pod.metadata.deletion_timestamp.is_none()
        && conditions.into_iter().any(|c| c.type_ == "Ready" && c.status == "True")
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::Family;
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: &Value) -> Pod {
        let ports = json!([{"containerPort": 80}, {"containerPort": 9090}]);
        serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {"containers": [{"name": "a", "ports": ports}]},
            "status": status,
        }))
        .expect("a pod")
    }

    fn target(text: &str) -> Target {
        text.parse().expect("a target")
    }

    fn labels(places: &Places) -> Vec<&str> {
        places.iter().map(|found| found.label.as_str()).collect()
    }

    #[test]
    fn an_address_of_the_other_family_is_refused() {
        let refused = |text: &str, family| {
            let wanted = Wanted { family: Some(family), ..Wanted::default() };
            let refused = refuse_unfit(&[target(text)], wanted).err();
            refused.map(|error| error.to_string())
        };
        let says = |text: &str| Some(text.to_owned());
        assert_eq!(
            refused("10.0.0.7:80", Family::Ipv6),
            says("target \"10.0.0.7:80\" is an IPv4 address, which -6 leaves out")
        );
        assert_eq!(
            refused("[fd00::7]:80", Family::Ipv4),
            says("target \"[fd00::7]:80\" is an IPv6 address, which -4 leaves out")
        );
        assert_eq!(refused("10.0.0.7:80", Family::Ipv4), None);
        assert_eq!(refused("localhost:80", Family::Ipv6), None);
    }

    #[test]
    fn what_no_pod_of_a_workload_has_is_told_once_and_pods_are_told_apart() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let ready = json!({"phase": "Running", "podIP": "10.0.0.7", "conditions": ready});
        let named = |name: &str, port: &str| {
            let mut pod = pod(&ready);
            pod.metadata.name = Some(name.to_owned());
            let containers = pod.spec.iter_mut().flat_map(|spec| &mut spec.containers);
            let ports = containers.flat_map(|container| container.ports.iter_mut().flatten());
            ports.take(1).for_each(|declared| declared.name = Some(port.to_owned()));
            pod
        };
        let target = target("deploy/web:http");
        let told = |pods: &[Pod]| -> Vec<(String, Option<String>)> {
            let places = of_pods(&target, "deploy/web", pods, Wanted::default());
            let told = |found: FoundPlace| match found.what {
                Resolution::Settled(_, reason) => (found.label, Some(reason)),
                Resolution::Try(..) => (found.label, None),
            };
            places.into_iter().map(told).collect()
        };
        let [(label, Some(reason))] = &told(&[named("a", "web"), named("b", "web")])[..] else {
            panic!("one line")
        };
        assert_eq!(label, "deploy/web:http");
        let begins =
            "each ready pod of deploy/web has no TCP port named \"http\" (it declares web 80";
        assert!(reason.starts_with(begins), "{reason}");
        let of_two = told(&[named("a", "web"), named("b", "http")]);
        let labels: Vec<&str> = of_two.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["pod/a:http", "pod/b:80"]);
        let reason = of_two[0].1.as_deref().unwrap_or_default();
        assert!(reason.starts_with("pod \"a\" has no TCP port"), "{reason}");
    }

    #[test]
    fn a_dual_stack_pod_has_a_line_for_each_family() {
        let both = json!({"phase": "Running", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}, {"ip": "fd00::7"}]});
        let (both, one) = (pod(&both), pod(&json!({"phase": "Running", "podIP": "10.0.0.7"})));
        let hosts = |pod: &Pod, family| {
            let wanted = Wanted { family, ..Wanted::default() };
            let places = of_pod(&target("web:80"), "web", pod, wanted);
            let host = |found: FoundPlace| match found.what {
                Resolution::Try(host, _) => host,
                Resolution::Settled(_, reason) => reason,
            };
            places.into_iter().map(host).collect::<Vec<_>>()
        };
        assert_eq!(hosts(&both, None), ["10.0.0.7", "fd00::7"]);
        assert_eq!(hosts(&both, Some(Family::Ipv4)), ["10.0.0.7"]);
        assert_eq!(hosts(&both, Some(Family::Ipv6)), ["fd00::7"]);
        let none = "pod web has no address of the family that was asked for (10.0.0.7)";
        assert_eq!(hosts(&one, Some(Family::Ipv6)), [none]);
    }

    #[test]
    fn every_declared_port_has_its_line_and_one_port_keeps_the_words_of_the_user() {
        let pod = pod(&json!({"phase": "Running", "podIP": "10.0.0.7"}));
        let cases = [
            ("web", "web", vec!["web:80", "web:9090"]),
            ("web/x", "web", vec!["web:80/x", "web:9090/x"]),
            ("pod/web", "pod/web", vec!["pod/web:80", "pod/web:9090"]),
            ("web:9090", "web", vec!["web:9090"]),
            ("deploy/shop:80", "pod/web", vec!["pod/web:80"]),
        ];
        for (text, stem, expected) in cases {
            let places = of_pod(&target(text), stem, &pod, Wanted::default());
            assert_eq!(labels(&places), expected, "{text}");
            for FoundPlace { what, .. } in &places {
                assert!(matches!(what, Resolution::Try(host, _) if host == "10.0.0.7"), "{what:?}");
            }
        }
    }
}

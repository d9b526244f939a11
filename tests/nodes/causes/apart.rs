//! Mistakes that need something done to what is there, another namespace, or two nodes to look from.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use harness::{Cluster, Namespace, SharedServers};
use serde_json::Value;

use super::checker;

/// The first cause of each target from each node: its kind and its message.
pub(super) fn causes(ns: &Namespace, words: &[&str]) -> BTreeMap<String, String> {
    let limits = ["--connect-timeout", "1s", "-o", "json"];
    let run = ns.pods(["check"]).args(words.iter().copied()).args(limits).run().exits(2);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let line = |target: &Value| {
        let name = target["target"].as_str().expect("a name").to_owned();
        let source = usize::try_from(target["source"].as_u64().unwrap_or_default()).expect("an id");
        let node = &report["sources"][source];
        let cause = &target["causes"][0];
        let words = [&cause["kind"], &cause["message"]].map(|word| word.as_str().unwrap_or("none"));
        let from = node["node"].as_str().unwrap_or_default();
        (format!("{name} from {from}"), words.join(": "))
    };
    report["targets"].as_array().expect("a list").iter().map(line).collect()
}

#[test]
fn what_was_there_and_is_no_more() {
    let ns = Cluster::nodes().namespace("causes-apart");
    let here = ns.cluster.node_names().remove(0);
    let other = ns.cluster.namespace("causes-other");
    other.apply(
        "{apiVersion: v1, kind: Service, metadata: {name: elsewhere}, spec: {ports: [{port: 80}]}}",
    );
    let fixture = include_str!("../../fixtures/causes-apart.yaml").replace("NS", &ns.name);
    let unused = SharedServers::get().unused_ip();
    ns.apply(&fixture.replace("HERE", &here).replace("UNUSED", &unused));
    for pod in ["going", "front", "heir"] {
        ns.wait_ready(pod);
    }
    for pod in ["before", "ended"] {
        let over = [
            "wait",
            "--for=jsonpath={.status.phase}=Succeeded",
            &format!("pod/{pod}"),
            "--timeout=60s",
        ];
        ns.kubectl(over).run().success();
    }
    ns.kubectl(["delete", "pod", "going", "--wait=false"]).run().success();
    let [node, ended] = [ns.pod_ip("heir"), ns.pod_ip("ended")];
    let expected = [
        ("svc/going", "all-terminating: svc/going has no ready pod: all that are left are being deleted (going)".to_owned()),
        ("svc/starting", "pods-not-ready: svc/starting has no ready pod: pod starting is not ready (Pending: PodInitializing)".to_owned()),
        ("svc/stale", format!("stale-endpoint: svc/stale still sends to {unused} (pod gone), which is gone")),
        ("svc/strange", format!("no-endpoints-by-hand: svc/strange has no selector, and sends to {unused}:80, as its EndpointSlice says, where nobody answers")),
        ("svc/elsewhere", format!("missing: there is no Service elsewhere in namespace {}; namespace {} has one", ns.name, other.name)),
        ("http://elsewhere", format!("missing: there is no Service elsewhere in namespace {}; namespace {} has one", ns.name, other.name)),
        ("before", format!("pod-ended: pod before has ended (Succeeded); its address {node} is now that of pod heir of namespace {}", ns.name)),
        (ended.as_str(), format!("pod-ended: pod ended of namespace {} had the address {ended} and has ended (Succeeded)", ns.name)),
    ];
    let targets = expected.each_ref().map(|(target, _)| {
        if *target == ended { format!("{ended}:80") } else { (*target).to_owned() }
    });
    let user = checker(&ns);
    let as_user = ["--as", user.as_str()];
    let words: Vec<&str> = targets.iter().map(String::as_str).chain(as_user).collect();
    let lines = expected.map(|(_, line)| line);
    let told = || -> Vec<String> {
        let causes = causes(&ns, &words);
        let of = |target: &String| {
            let found = causes.iter().find(|(key, _)| key.starts_with(&format!("{target} from")));
            found.map_or(String::new(), |(_, line)| line.clone())
        };
        targets.iter().map(of).collect()
    };
    let begun = Instant::now();
    let mut last = told();
    while last != lines && begun.elapsed() < Duration::from_secs(30) {
        last = told();
    }
    assert_eq!(last, lines);
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_service_that_the_nodes_do_not_know() {
    let ns = Cluster::nodes().namespace("causes-unserved");
    let fixture = include_str!("../../fixtures/causes-apart.yaml").replace("NS", &ns.name);
    let here = ns.cluster.node_names().remove(0);
    let unused = SharedServers::get().unused_ip();
    ns.apply(&fixture.replace("HERE", &here).replace("UNUSED", &unused));
    ns.wait_ready("front");
    let vip = ns
        .kubectl(["get", "service", "unserved", "-o", "jsonpath={.spec.clusterIP}"])
        .run()
        .success()
        .stdout;
    let nodes = ns.cluster.node_names();
    let from: Vec<&str> = nodes.iter().flat_map(|node| ["--from-node", node]).collect();
    let causes = causes(&ns, &[&["svc/unserved"][..], &from].concat());
    let expected = nodes.iter().map(|node| {
        (format!("svc/unserved from {node}"), format!(
            "service-address-fails: 1 endpoint of svc/unserved answers at its own address, and its address {vip}:80 does \
             not: what leads there on {node} (kube-proxy, or what stands for it) does not know it, or a policy is about \
             the Service's address"))
    });
    assert_eq!(causes, expected.collect::<BTreeMap<_, _>>());
}

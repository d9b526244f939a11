//! Causes that only the endpoints of a Service can tell: a standing probe asks them while their Service fails.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::status;
use harness::{Cluster, Namespace, NodeRule, SharedServers, wait_until};

/// Two pods behind one Service, of which one serves.
const PODS: &str = include_str!("../../fixtures/causes-nodes.yaml");

const TARGETS: [&str; 5] = ["svc/mixed", "svc/amiss", "svc/unserved", "svc/stale", "svc/quiet"];

/// Puts the first cause of each target that fails as `node` sees it just now, kind and message, to `told`.
fn hear(ns: &Namespace, node: &str, told: &mut BTreeMap<String, String>) {
    let seen = status(ns);
    let probes = seen.as_array().expect("probes");
    let probe = probes.iter().find(|probe| probe["node"] == node).expect("its probe");
    for (target, causes) in probe["causes"].as_object().into_iter().flatten() {
        let words = [&causes[0]["kind"], &causes[0]["message"]];
        let words = words.map(|word| word.as_str().expect("a word"));
        told.insert(target.clone(), words.join(": "));
    }
}

fn install(ns: &Namespace) {
    let terms = ["--every", "1s", "--connect-timeout", "1s"];
    ns.pods(["monitor", "install"]).args(terms).args(TARGETS).run().success();
}

fn cluster_ip(ns: &Namespace, service: &str) -> String {
    let path = "jsonpath={.spec.clusterIP}";
    ns.kubectl(["get", "service", service, "-o", path]).run().success().stdout
}

/// Waits until the slices have so many addresses.
fn wait_for_endpoints(ns: &Namespace, count: usize) {
    let path = "jsonpath={.items[*].endpoints[*].addresses[*]}";
    let addresses = || ns.kubectl(["get", "endpointslices", "-o", path]).run().success().stdout;
    wait_until("all endpoints", Duration::from_secs(30), || {
        addresses().split_whitespace().count() == count
    });
}

/// Makes the Services, and gives the cause of each as it is told of this node.
fn make(ns: &Namespace, [here, there]: [&str; 2]) -> BTreeMap<String, String> {
    let unused = SharedServers::get().unused_ip();
    let filled = |fixture: &str| {
        fixture.replace("HERE", here).replace("UNUSED", &unused).replace("NS", &ns.name)
    };
    ns.apply(&filled(PODS));
    ns.apply(&filled(include_str!("../../fixtures/monitor-endpoints.yaml")));
    for pod in ["serves", "sleeps", "quiet"] {
        ns.wait_ready(pod);
    }
    // Of svc/local, the two of svc/mixed, and one each of the others.
    wait_for_endpoints(ns, 7);
    let (sleeps, vip) = (ns.pod_ip("sleeps"), cluster_ip(ns, "unserved"));
    let expected = [
        (
            "svc/amiss",
            "target-port-refused: svc/amiss sends port 80 to port 81 of serves, which refuses connections there; declared is 80".to_owned(),
        ),
        (
            "svc/mixed",
            format!(
                "some-endpoints-fail: 1 of 2 endpoints of svc/mixed does not answer: sleeps ({sleeps}:80, refused)"
            ),
        ),
        (
            "svc/quiet",
            format!(
                "endpoints-silent: quiet is ready, and does not answer from {there}, not even at its own address: a NetworkPolicy, or the network between the nodes"
            ),
        ),
        (
            "svc/stale",
            format!("stale-endpoint: svc/stale still sends to {unused} (pod gone), which is gone"),
        ),
        (
            "svc/unserved",
            format!(
                "service-address-fails: 1 endpoint of svc/unserved answers at its own address, and its address {vip}:80 does not: what leads there on {there} (kube-proxy, or what stands for it) does not know it, or a policy is about the Service's address"
            ),
        ),
    ];
    expected.map(|(target, line)| (target.to_owned(), line)).into()
}

#[test]
fn endpoints_are_asked_while_their_service_fails() {
    let ns = Cluster::nodes().namespace("monitor-endpoints");
    let nodes = ns.cluster.node_names();
    let [here, there] = nodes.as_slice() else { panic!("two nodes: {nodes:?}") };
    let expected = make(&ns, [here, there]);
    let quiet = ns.pod_ip("quiet");
    let drop = ["FORWARD", "--destination", &quiet, "--jump", "DROP"];
    let _silence = NodeRule::insert(&ns.cluster, there, "filter", &drop);
    install(&ns);
    // One of two endpoints of svc/mixed answers, so that it fails now and then.
    let (mut told, begun) = (BTreeMap::new(), Instant::now());
    while told != expected && begun.elapsed() < Duration::from_mins(1) {
        hear(&ns, there, &mut told);
    }
    assert_eq!(told, expected);

    // Another pod with another address: what the one before would have said is nobody's answer.
    ns.kubectl(["delete", "pod", "serves", "--now"]).run().success();
    ns.apply(&PODS.replace("HERE", here));
    ns.wait_ready("serves");
    let outdated = "svc/amiss: none of its endpoints of now was there at the installation";
    wait_until("new endpoints", Duration::from_secs(30), || {
        ns.pods(["monitor", "status"]).run().success().stderr.contains(outdated)
    });
    told.clear();
    hear(&ns, there, &mut told);
    assert_eq!(told.get("svc/amiss"), None, "{told:#?}");
    install(&ns);
    wait_until("the cause again", Duration::from_secs(30), || {
        hear(&ns, there, &mut told);
        told.get("svc/amiss") == expected.get("svc/amiss")
    });
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

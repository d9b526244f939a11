//! Causes on a real cluster: each mistake is made, all of them are checked at once, and every line is compared.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use harness::{Cluster, Namespace, wait_until};

/// Target, verdict, kind of the first cause, and its line. `NS` is the namespace.
type Expected = (&'static str, &'static str, &'static str, &'static str);

const MISTAKES: &[Expected] = &[
    (
        "svc/fronts",
        "absent",
        "missing",
        "there is no Service fronts in namespace NS; did you mean svc/front?",
    ),
    ("fornt", "absent", "missing", "there is no pod fornt in namespace NS; did you mean front?"),
    (
        "crashes",
        "absent",
        "missing",
        "there is no pod crashes in namespace NS; did you mean crash?",
    ),
    (
        "idle",
        "absent",
        "missing",
        "there is no pod idle in namespace NS, but a Service; check svc/idle",
    ),
    (
        "deploy/idl",
        "absent",
        "missing",
        "there is no Deployment idl in namespace NS; did you mean deploy/idle?",
    ),
    (
        "http://fronts",
        "dns-nxdomain",
        "missing",
        "there is no Service fronts in namespace NS; did you mean svc/front?",
    ),
    (
        "http://front.NS.svc.cluster.lan/",
        "dns-nxdomain",
        "name-suffix",
        "svc/front of namespace NS exists, but the name front.NS.svc.cluster.lan does not: cluster.lan is not the \
         domain of this cluster; use front.NS",
    ),
    (
        "svc/alias",
        "dns-nxdomain",
        "external-name-dead",
        "svc/alias is an alias of nowhere.invalid, which has no address; correct its externalName: kubectl edit svc alias -n NS",
    ),
    (
        "svc/near",
        "rejected",
        "selector-matches-nothing",
        "svc/near selects tier=frontend, which no pod of namespace NS has; front has tier=front-end; make selector \
         and labels agree: kubectl edit svc near -n NS",
    ),
    (
        "svc/wrong-port",
        "refused",
        "target-port-refused",
        "svc/wrong-port sends port 80 to port 8080 of front, which refuses connections there; declared is 80; correct \
         its targetPort: kubectl edit svc wrong-port -n NS",
    ),
    (
        "svc/wrong-name",
        "rejected",
        "target-port-name",
        "svc/wrong-name sends port 80 to the port named web of its pods, and they have none of that name: they declare \
         http (80); correct its targetPort: kubectl edit svc wrong-name -n NS",
    ),
    (
        "svc/by-hand",
        "rejected",
        "no-endpoints-by-hand",
        "svc/by-hand has no selector, and no EndpointSlice belongs to it; give it a selector, or an EndpointSlice with \
         the label kubernetes.io/service-name=by-hand",
    ),
    (
        "svc/unready",
        "rejected",
        "probe-failing",
        "svc/unready has no ready pod: pod unready is not ready: the readiness probe of container nginx fails: HTTP \
         probe failed with statuscode: 404; run kubectl describe pod unready -n NS",
    ),
    (
        "svc/unready-headless",
        "not-run",
        "probe-failing",
        "svc/unready-headless has no ready pod: pod unready is not ready: the readiness probe of container nginx fails: \
         HTTP probe failed with statuscode: 404; run kubectl describe pod unready -n NS",
    ),
    (
        "svc/image",
        "rejected",
        "image-pull",
        "svc/image has no ready pod: pod image cannot start: image localhost:1/missing:1 cannot be pulled (connect: \
         connection refused); correct its name, or give the registry's secret: run kubectl describe pod image -n NS",
    ),
    (
        "svc/claim",
        "rejected",
        "claim-pending",
        "svc/claim has no ready pod: pod claim waits for the volume claim data, which is Pending, without a storage \
         class; run kubectl describe pvc data -n NS",
    ),
    (
        "svc/config",
        "rejected",
        "config-missing",
        "svc/config has no ready pod: pod config cannot start: configmap \"settings\" not found; run kubectl get \
         configmaps,secrets -n NS",
    ),
    (
        "svc/gate",
        "rejected",
        "readiness-gate",
        "svc/gate has no ready pod: pod gate is not ready: its containers are, but its readiness gate \
         example.com/balancer is not True; look after the controller that sets example.com/balancer, or run kubectl \
         describe pod gate -n NS",
    ),
    (
        "svc/idle",
        "rejected",
        "scaled-to-zero",
        "svc/idle has no pods: deploy/idle, which would make them, is scaled to 0; run kubectl scale deploy/idle -n NS \
         --replicas=1",
    ),
    (
        "deploy/idle",
        "not-run",
        "scaled-to-zero",
        "deploy/idle is scaled to 0; run kubectl scale deploy/idle -n NS --replicas=1",
    ),
    (
        "svc/loopback",
        "refused",
        "target-port-refused",
        "svc/loopback sends port 80 to port 80 of loopback, which refuses connections there though declaring it; it may listen on 127.0.0.1 only, or on another port; run kubectl logs loopback -n NS",
    ),
    (
        "loopback",
        "refused",
        "refused-while-ready",
        "pod loopback is ready and declares the port, and refuses connections to port 80; it may listen on 127.0.0.1 only, or on another port; run kubectl logs loopback -n NS",
    ),
    (
        "front:81",
        "refused",
        "port-not-declared",
        "nothing listens on port 81 of pod front; it declares 80; use port 80",
    ),
];

/// Lines of which a part depends on the cluster, or on how often something has happened: what they begin with.
const BEGINNINGS: &[Expected] = &[
    (
        "svc/large",
        "rejected",
        "unschedulable",
        "svc/large has no ready pod: pod large fits on no node: 0/2 nodes are available: ",
    ),
    (
        "svc/crash",
        "rejected",
        "crash-loop",
        "svc/crash has no ready pod: pod crash does not stay up: container app ended with exit code 3 (Error), restarted ",
    ),
    (
        "svc/refused",
        "rejected",
        "create-failed",
        "svc/refused has no pods: deploy/refused cannot make them: pods \"refused-",
    ),
    ("front:80/nowhere", "http-status", "http-status", "front:80/nowhere (nginx/"),
    ("ended", "stopped", "pod-ended", "pod ended has ended (Succeeded)"),
];

/// Ports that a Service does not have are another's business: where a packet for them goes depends on the way.
const PORTS: &[(&str, &str, &str)] = &[
    ("svc/front:8080", "port-not-in-service", "svc/front has no port 8080: it has 80; use port 80"),
    (
        "svc/udp:53",
        "udp-port",
        "port 53 of svc/udp is UDP, and TCP was spoken; declare the port for TCP too, if its pods speak that: kubectl edit svc udp -n NS",
    ),
];

/// What is not as it should be yet, by target.
fn differences(ns: &Namespace, report: &Value) -> BTreeMap<String, String> {
    let here = |text: &str| text.replace("NS", &ns.name);
    let exact = MISTAKES.iter().map(|expected| (expected, true));
    let expected = exact.chain(BEGINNINGS.iter().map(|expected| (expected, false)));
    let expected = expected.map(|((target, verdict, kind, line), exact)| {
        (here(target), Some(*verdict), *kind, here(line), exact)
    });
    let ports =
        PORTS.iter().map(|(target, kind, line)| (here(target), None, *kind, here(line), true));
    let mut differences = BTreeMap::new();
    for (target, verdict, kind, line, exact) in expected.chain(ports) {
        let rows = report["targets"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["target"] == target).expect(&target);
        let cause = &row["causes"][0];
        let text = |field: &str| cause[field].as_str().unwrap_or_default().to_owned();
        let got = format!("{}; {}", text("message"), text("next"));
        let same = if exact { got == line } else { got.starts_with(&line) };
        // Of many rejections within a second a kernel sends a part (`icmp_ratelimit`), so that the rest is silence.
        let seen = verdict.is_none_or(|verdict| {
            row["verdict"] == verdict || (verdict == "rejected" && row["verdict"] == "dropped")
        });
        if !same || !seen || cause["kind"] != kind {
            differences.insert(
                target,
                format!("{}: {}: {got}\n  not: {kind}: {line}", row["verdict"], cause["kind"]),
            );
        }
    }
    differences
}

fn targets(ns: &Namespace) -> Vec<String> {
    let all = MISTAKES.iter().chain(BEGINNINGS).map(|expected| expected.0);
    all.chain(PORTS.iter().map(|port| port.0))
        .map(|target| target.replace("NS", &ns.name))
        .collect()
}

#[test]
fn every_mistake_is_named_in_one_line() {
    let ns = Cluster::nodes().namespace("causes");
    ns.apply(include_str!("../fixtures/causes.yaml"));
    ns.wait_ready("front");
    let check = || ns.pods(["check", "-o", "json", "--connect-timeout", "2s"]).args(targets(&ns));
    let differ = || {
        let run = check().run().exits(2);
        differences(&ns, &serde_json::from_str(&run.stdout).expect("JSON"))
    };
    // Mistakes take their time to show: a second crash, a first failed probe.
    let mut last = BTreeMap::new();
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(90) {
        last = differ();
        if last.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_secs(2));
    }
    let told: Vec<String> = last.iter().map(|(target, what)| format!("{target}: {what}")).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));

    // The table has the line for people, and a chain below it when it is wide.
    let run = ns.pods(["check", "svc/near", "svc/front"]).run().exits(2);
    assert!(run.stdout.contains("svc/near selects tier=frontend, which no pod"), "{}", run.story());
    let wide = ns.pods(["check", "svc/near", "svc/front", "-o", "wide"]).run().exits(2);
    for link in [
        "\n  selector    broken          tier=frontend: 0 pods\n",
        "\n  direct      not looked at   ",
    ] {
        assert!(wide.stdout.contains(link), "{}", wide.story());
    }
    assert!(
        !wide.stdout.contains("\nsvc/front:"),
        "what is as expected has no chain\n{}",
        wide.story()
    );
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn one_node_without_a_local_endpoint_and_one_bad_endpoint_of_two() {
    let ns = Cluster::nodes().namespace("causes-nodes");
    let nodes = ns.cluster.node_names();
    let [here, there] = nodes.as_slice() else { panic!("two nodes: {nodes:?}") };
    ns.apply(&include_str!("../fixtures/causes-nodes.yaml").replace("HERE", here));
    for pod in ["serves", "sleeps"] {
        ns.wait_ready(pod);
    }
    let check = || ns.pods(["check", "svc/local", "svc/mixed", "--attempts", "8", "-o", "json"]);
    let from_there = || check().args(["--connect-timeout", "1s", "--from-node", there]).run();
    let causes = |target: &Value| {
        let causes = target["causes"].as_array().cloned().unwrap_or_default();
        let line =
            |cause: &Value| format!("{}: {}", cause["kind"], cause["message"]).replace('"', "");
        causes.iter().map(line).collect::<Vec<_>>()
    };
    let mut told = Vec::new();
    // kube-proxy needs its time to know them.
    wait_until("both to fail for their own reasons", Duration::from_mins(1), || {
        let run = from_there().exits(2);
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        told = vec![causes(&report["targets"][0]), causes(&report["targets"][1])];
        told.iter().all(|causes| causes.len() == 1)
    });
    let ip = ns.pod_ip("sleeps");
    let expected = [
        vec![format!(
            "no-local-endpoint: svc/local is internalTrafficPolicy: Local, and no ready pod of it runs on {there}, where \
             the probe ran; {here} has one"
        )],
        vec![format!(
            "some-endpoints-fail: 1 of 2 endpoints of svc/mixed does not answer: sleeps ({ip}:80, refused)"
        )],
    ];
    assert_eq!(told, expected);
    assert_eq!(ns.leftovers(), "");
}

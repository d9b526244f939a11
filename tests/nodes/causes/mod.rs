//! Causes on a real cluster: each mistake is made, all of them are checked at once, and every line is compared.

mod apart;
mod one_node;

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use harness::{Cluster, Namespace, wait_until};

/// What was got wrong in `causes.yaml`, and what is to be said of it: target, verdict (none where it depends on the way of the
/// packet), kind of the first cause, and its line, or what that begins with and contains where the rest depends on the cluster. `NS` is
/// the namespace.
const MISTAKES: &str = include_str!("../../fixtures/causes.json");

/// What the docs say is enough to name causes: in the namespace, and elsewhere.
const RIGHTS: [&str; 2] = [
    include_str!("../../../deploy/rights-check.yaml"),
    include_str!("../../../deploy/rights-causes.yaml"),
];

/// A user who may do that and nothing else.
fn checker(ns: &Namespace) -> String {
    let user = ns.grant("checker", RIGHTS[0], |_| {});
    ns.grant_everywhere("checker", RIGHTS[1]);
    user
}

/// [`MISTAKES`] in this namespace.
fn mistakes(ns: &Namespace) -> Vec<Value> {
    serde_json::from_str(&MISTAKES.replace("NS", &ns.name)).expect("a list")
}

/// What is not as it should be yet, by target.
fn differences(ns: &Namespace, report: &Value) -> BTreeMap<String, String> {
    let mut differences = BTreeMap::new();
    for expected in mistakes(ns) {
        let rows = report["targets"].as_array().expect("a list");
        let (target, kind, verdict) =
            (&expected["target"], &expected["kind"], &expected["verdict"]);
        let row = rows.iter().find(|row| row["target"] == *target).expect("a row for each target");
        let cause = &row["causes"][0];
        let text = |field: &str| cause[field].as_str().unwrap_or_default().to_owned();
        let got = format!("{}; {}", text("message"), text("next"));
        let begins = expected["begins"].as_str();
        let line = begins.or(expected["line"].as_str()).expect("a line");
        let contains = expected["contains"].as_str().unwrap_or_default();
        let same = match begins {
            Some(line) => got.starts_with(line) && got.contains(contains),
            None => got == line,
        };
        // Of many rejections within a second a kernel sends a part (`icmp_ratelimit`), so that the rest is silence.
        let seen = verdict.is_null()
            || row["verdict"] == *verdict
            || (verdict == "rejected" && row["verdict"] == "dropped");
        if !same || !seen || cause["kind"] != *kind {
            let told =
                format!("{}: {}: {got}\n  not: {kind}: {line}", row["verdict"], cause["kind"]);
            differences.insert(target.to_string(), told);
        }
    }
    differences
}

fn targets(ns: &Namespace) -> Vec<String> {
    let target = |expected: &Value| expected["target"].as_str().expect("a target").to_owned();
    mistakes(ns).iter().map(target).collect()
}

#[test]
fn every_mistake_is_named_in_one_line() {
    let ns = Cluster::nodes().namespace("causes");
    ns.apply(include_str!("../../fixtures/causes.yaml"));
    ns.wait_ready("front");
    let user = checker(&ns);
    let check = || {
        let words = ["check", "-o", "json", "--connect-timeout", "2s", "--as", &user];
        ns.pods(words).args(targets(&ns))
    };
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

    each_reason_has_its_line(&ns);
    headless_ports_are_said_to_be_the_pods_own(&ns);
    the_table_has_the_line_and_a_chain(&ns);
    moved_is_told_where_it_is_not_expected(&ns);
    what_was_done_is_shown_though_the_rest_failed(&ns);
    assert_eq!(ns.leftovers(), "");
}

/// Of three reasons each has its line, and what holds for two pods is one target.
fn each_reason_has_its_line(ns: &Namespace) {
    let run = ns.pods(["check", "svc/three", "deploy/named:web"]).run().exits(2);
    let others =
        ["pod three-crash does not stay up: ", "the readiness probe of container app fails: "];
    let of_labels = ns.pods(["check", "-l", "app=three"]).run().exits(3);
    for line in others {
        assert!(run.stdout.contains(line), "{}", run.story());
        assert!(of_labels.stdout.contains(line), "{}", of_labels.story());
    }
    assert_eq!(run.stdout.matches("deploy/named:web").count(), 1, "{}", run.story());
}

/// What is open is open at the pods' port, and that is said.
fn headless_ports_are_said_to_be_the_pods_own(ns: &Namespace) {
    let run = ns.pods(["check", "svc/headless"]).run().success();
    let said = "Warning: svc/headless is headless: its pods are tried at their port 80";
    assert!(run.stderr.starts_with(said), "{}", run.story());
    ns.pods(["curl", "svc/headless:8080"]).run().exits(7).complains("use port 80");
}

/// The table has the line for people, and a chain below it when it is wide.
fn the_table_has_the_line_and_a_chain(ns: &Namespace) {
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
}

fn moved_is_told_where_it_is_not_expected(ns: &Namespace) {
    let run = ns.pods(["check", "pages:80/moved", "--expect", "200"]).run().exits(2);
    let line = "answers, with status 301: it sends its clients to http://elsewhere.example/; ";
    assert!(run.stdout.contains(line), "{}", run.story());
}

/// A server that accepts and then says nothing.
fn what_was_done_is_shown_though_the_rest_failed(ns: &Namespace) {
    ns.wait_ready("stalls");
    ns.kubectl(["exec", "stalls", "--", "sh", "-c", "kill -s STOP -1"]).run().success();
    let run = ns.pods(["check", "stalls:80/", "--timeout", "2s"]).run().exits(2);
    let cells: Vec<&str> = run.stdout.lines().nth(1).unwrap_or_default().split("  ").collect();
    let cells: Vec<&str> =
        cells.into_iter().map(str::trim).filter(|cell| !cell.is_empty()).collect();
    let [_, _, verdict, code, connect, ..] = cells.as_slice() else { panic!("{}", run.story()) };
    assert_eq!((*verdict, *code), ("stalled", "<none>"), "{}", run.story());
    assert!(connect.ends_with('s') && *connect != "<none>", "{}", run.story());
}

#[test]
fn one_node_without_a_local_endpoint_and_one_bad_endpoint_of_two() {
    let ns = Cluster::nodes().namespace("causes-nodes");
    let nodes = ns.cluster.node_names();
    let [here, there] = nodes.as_slice() else { panic!("two nodes: {nodes:?}") };
    ns.apply(&include_str!("../../fixtures/causes-nodes.yaml").replace("HERE", here));
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

/// A probe is still being removed while causes are looked for.
#[test]
fn a_probe_is_nobodys_cause() {
    let ns = Cluster::nodes().namespace("causes-probe");
    ns.apply(
        "{apiVersion: v1, kind: Service, metadata: {name: ours}, spec: {ports: [{port: 80}], selector: \
         {app.kubernetes.io/name: kubectl-pods, app.kubernetes.io/component: nobody}}}",
    );
    let run = ns.pods(["check", "svc/ours"]).run().exits(2);
    let ends = format!("which no pod of namespace {} has; run kubectl get pods", ns.name);
    assert!(run.stdout.contains(&ends), "{}", run.story());
}

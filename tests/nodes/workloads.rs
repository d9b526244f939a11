//! Targets that are workloads: each ready pod is checked, one of them is asked.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use harness::{Cluster, Namespace, wait_until};

/// Names of the pods with this label.
fn pods(ns: &Namespace, selector: &str) -> BTreeSet<String> {
    let run = ns.kubectl(["get", "pods", "-l", selector, "-o", "name"]).run().success();
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn each_ready_pod_of_a_workload_has_its_row() {
    let ns = Cluster::nodes().namespace("workloads");
    ns.apply(include_str!("../fixtures/workloads.yaml"));
    let nodes = ns.cluster.kubectl(["get", "nodes", "-o", "name"]).run().success();
    let cases = [
        ("deploy/web", "app=deploy", 2),
        ("sts/web", "app=sts", 1),
        ("ds/web", "app=ds", nodes.stdout.lines().count()),
        ("job/web", "job-name=web", 1),
    ];
    for (target, selector, count) in cases {
        wait_until(target, Duration::from_mins(1), || pods(&ns, selector).len() == count);
        let ready = ["wait", "--for=condition=Ready", "pods", "-l", selector, "--timeout=60s"];
        ns.kubectl(ready).run().success();
        let run = ns.pods(["check", target, "-o", "json"]).run().success();
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let rows = report["targets"].as_array().expect("a list");
        let names = rows.iter().map(|row| row["target"].as_str().expect("a name").to_owned());
        let expected = pods(&ns, selector).into_iter().map(|pod| format!("{pod}:80"));
        assert_eq!(names.collect::<BTreeSet<_>>(), expected.collect(), "{}", run.story());
        assert_eq!(rows.len(), count, "{}", run.story());
        let page = ns.pods(["curl", target]).run().success().quiet();
        assert!(page.stdout.contains("Welcome to nginx!"), "{}", page.story());
    }
    assert_eq!(ns.leftovers(), "");
}

//! As many targets as a namespace has.

use serde_json::{Value, json};

use harness::{Cluster, Namespace, Run, SharedServers};

fn targets(run: &Run) -> Vec<Value> {
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", run.story()));
    report["targets"].as_array().expect("a list").clone()
}

#[test]
fn a_thousand_targets_from_one_probe() {
    let (ns, servers) = (Cluster::nodes().namespace("thousand"), SharedServers::get());
    // Each with a path of its own, so that each is a target of its own.
    let all: Vec<String> = (0..1000).map(|n| format!("{}/?target={n}", servers.nginx)).collect();
    let run = ns.pods(["check", "-o", "json"]).args(all.clone()).run().success();
    let targets = targets(&run);
    assert_eq!(targets.len(), all.len());
    for (target, name) in targets.iter().zip(&all) {
        assert_eq!((&target["target"], &target["verdict"]), (&json!(name), &json!("open")));
    }
    assert_eq!(ns.leftovers(), "");
}

/// Pods of a Deployment that no node runs: each says that it is ready, at this address.
fn made_up_pods(ns: &Namespace, count: usize, address: &str) {
    let labels = json!({ "app": "many" });
    let template = json!({ "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "a", "image": "none" }] } });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "many" },
        "spec": { "replicas": 0, "selector": { "matchLabels": labels }, "template": template },
    });
    let container = json!({ "name": "a", "image": "none", "ports": [{ "containerPort": 80 }] });
    let spec = json!({
        "containers": [container], "schedulingGates": [{ "name": "example.com/never" }],
        "terminationGracePeriodSeconds": 0,
    });
    let status = json!({
        "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
        "conditions": [{ "type": "Ready", "status": "True" }],
    });
    let pod = |n: usize| {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": format!("many-{n}"), "labels": labels },
            "spec": spec, "status": status,
        })
    };
    let list = |items: Vec<Value>| json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let pods = list((0..count).map(pod).collect()).to_string();
    ns.kubectl(["create", "-f", "-"]).stdin(deployment.to_string()).run().success();
    ns.kubectl(["create", "-f", "-"]).stdin(&pods).run().success();
    ns.kubectl(["replace", "--subresource=status", "-f", "-"]).stdin(&pods).run().success();
}

/// Five hundred pods do not start on two nodes. Those here are objects alone, and have the address of a real server: so all
/// that we do with them is real, and each attempt is answered.
#[test]
fn a_workload_of_five_hundred_pods() {
    let (ns, servers) = (Cluster::nodes().namespace("many"), SharedServers::get());
    made_up_pods(&ns, 500, &servers.nginx_ip);
    let run = ns.pods(["check", "deploy/many", "-o", "json"]).run().success();
    let targets = targets(&run);
    assert_eq!(targets.len(), 500);
    for target in &targets {
        assert_eq!(
            (&target["verdict"], &target["address"]),
            (&json!("open"), &json!(servers.nginx))
        );
    }
    assert_eq!(ns.leftovers(), "");
}

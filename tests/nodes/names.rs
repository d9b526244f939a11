//! Names in a cluster: every address of them, one family, and what the cluster's DNS said of which name.

use std::time::Duration;

use serde_json::{Value, json};

use harness::{Cluster, Namespace, Run, start_article_servers, wait_until};

/// The article's two servers behind one headless Service.
fn with_two_endpoints(prefix: &str) -> Namespace {
    let ns = Cluster::nodes().namespace(prefix);
    start_article_servers(&ns);
    ns.kubectl(["label", "pod", "nginx-ser", "httpd-ser", "tier=two"]).run().success();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "two"},
        "spec": {"clusterIP": "None", "selector": {"tier": "two"}, "ports": [{"name": "http", "port": 80}]},
    });
    ns.apply(&service.to_string());
    let host = format!("http://two.{}.svc", ns.name);
    let lines = || targets(&ns.pods(["check", &host, "--all-addresses", "-o", "json"]).run()).len();
    wait_until("both to be in the DNS", Duration::from_secs(30), || lines() == 2);
    ns
}

fn targets(run: &Run) -> Vec<Value> {
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", run.story()));
    report["targets"].as_array().expect("a list").clone()
}

fn name(target: &Value) -> &Value {
    &target["attempts"][0]["details"]["name"]
}

#[test]
fn every_address_of_a_name_is_told_and_tried_if_asked_for() {
    let ns = with_two_endpoints("names-all");
    let host = format!("http://two.{}.svc", ns.name);
    let run = ns.pods(["check", &host, "-o", "json"]).run().success();
    let first = targets(&run);
    assert_eq!(first.len(), 1, "{}", run.story());
    let addresses = name(&first[0])["addresses"].as_array().expect("addresses").len();
    assert_eq!(addresses, 2, "{}", run.story());

    let run = ns.pods(["check", &host, "--all-addresses", "-o", "json"]).run().success();
    let mut tried: Vec<String> = targets(&run).iter().map(|t| t["address"].to_string()).collect();
    tried.sort();
    let mut pods = ["nginx-ser", "httpd-ser"].map(|pod| format!("\"{}:80\"", ns.pod_ip(pod)));
    pods.sort();
    assert_eq!(tried, pods, "{}", run.story());
    let of_service = ns.pods(["check", "svc/two", "-o", "json"]).run().success();
    assert_eq!(targets(&of_service).len(), 2, "a headless Service means the same");

    let run = ns.pods(["check", &host, "-6", "-o", "json"]).run().exits(2);
    assert_eq!(targets(&run)[0]["verdict"], "dns-nodata", "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_missing_name_is_told_with_every_name_that_was_asked_for() {
    let ns = Cluster::nodes().namespace("names-none");
    let run = ns.pods(["check", "http://nosuch", "-o", "json"]).run().exits(2);
    let target = &targets(&run)[0];
    assert_eq!(target["verdict"], "dns-nxdomain", "{target:#}");
    let message = target["message"].as_str().expect("a message");
    assert!(message.contains("Name or service not known"), "{message}");
    let asked = name(target)["asked"].as_array().expect("names");
    let first =
        json!({"name": format!("nosuch.{}.svc.cluster.local.", ns.name), "answer": "no-such-name"});
    assert_eq!(asked[0], first, "{target:#}");
    let last = json!({"name": "nosuch.", "answer": "no-such-name"});
    assert_eq!(asked[asked.len() - 1], last, "{target:#}");
    assert_eq!(ns.leftovers(), "");
}

//! Tests against two nodes with IPv6 beside IPv4. Of the article's servers httpd listens on both, nginx on IPv4 alone.

mod virtual_node;

use std::time::Duration;

use harness::{Cluster, Namespace, Run, start_article_servers, wait_until};
use serde_json::{Value, json};

fn with_servers(prefix: &str) -> Namespace {
    let ns = Cluster::dual_stack().namespace(prefix);
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/dual-stack.yaml"));
    wait_until("the Services to lead somewhere", Duration::from_secs(30), || {
        ns.pods(["check", "svc/both", "svc/four", "svc/six"]).run().code == 0
    });
    ns
}

/// Target, family and verdict of each line of a report.
fn lines(run: &Run) -> Vec<(String, &'static str, String)> {
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", run.story()));
    let line = |target: &Value| {
        let family = match target["address"].as_str() {
            Some(address) if address.starts_with('[') => "IPv6",
            Some(address) if address.starts_with("10.") => "IPv4",
            _ => "none",
        };
        let word = |field: &str| target[field].as_str().unwrap_or_default().to_owned();
        (word("target"), family, word("verdict"))
    };
    report["targets"].as_array().expect("a list").iter().map(line).collect()
}

fn check(ns: &Namespace, words: &[&str]) -> Run {
    ns.pods(["check", "-o", "json"]).args(words.iter().copied()).run()
}

#[track_caller]
fn shows(run: &Run, expected: &[(&str, &str, &str)]) {
    let got = lines(run);
    let got: Vec<_> = got.iter().map(|(a, b, c)| (a.as_str(), *b, c.as_str())).collect();
    assert_eq!(got, expected, "{}", run.story());
}

#[test]
fn each_family_has_a_line() {
    let ns = with_servers("families");
    let both = |target| [(target, "IPv4", "open"), (target, "IPv6", "open")];
    let targets = ["httpd-ser", "svc/both", "svc/headless"];
    let from: Vec<String> = ns.cluster.node_names();
    for node in &from {
        let run = check(&ns, &[&targets[..], &["--from-node", node]].concat()).success();
        shows(&run, &targets.map(both).concat());
    }
    let run = check(&ns, &["svc/four", "svc/six"]).success();
    shows(&run, &[("svc/four", "IPv4", "open"), ("svc/six", "IPv6", "open")]);
}

#[test]
fn one_family_alone() {
    let ns = with_servers("one-family");
    let run = check(&ns, &["-6", "httpd-ser", "svc/both", "svc/four", "http://four"]).exits(2);
    let none = "svc/four has no address of the family that was asked for";
    assert!(run.stdout.contains(none), "{}", run.story());
    let expected = [
        ("httpd-ser", "IPv6", "open"),
        ("svc/both", "IPv6", "open"),
        ("svc/four", "none", "not-run"),
        ("http://four", "none", "dns-nodata"),
    ];
    shows(&run, &expected);
    let run = check(&ns, &["-4", "svc/headless", "svc/six"]).exits(3);
    shows(&run, &[("svc/headless", "IPv4", "open"), ("svc/six", "none", "not-run")]);
}

#[test]
fn a_name_has_addresses_of_both() {
    let ns = with_servers("names");
    let run = check(&ns, &["http://both"]).success();
    shows(&run, &[("http://both", "IPv4", "open")]);
    let run = check(&ns, &["http://both", "--all-addresses"]).success();
    shows(&run, &[("http://both", "IPv4", "open"), ("http://both", "IPv6", "open")]);
    for words in [&["curl", "-6", "svc/both"][..], &["curl", "http://six"]] {
        let run = ns.pods(words.iter().copied()).run().success();
        assert!(run.stdout.contains("It works!"), "{}", run.story());
    }
    let ipv6 = ns.kubectl(["get", "pod", "httpd-ser", "-o", "jsonpath={.status.podIPs[1].ip}"]);
    let url = format!("http://[{}]/", ipv6.run().success().stdout);
    let run = ns.pods(["curl", &url]).run().success();
    assert!(run.stdout.contains("It works!"), "{}", run.story());
}

#[test]
fn a_server_that_listens_on_one_family_is_told_as_such() {
    let ns = with_servers("half");
    let run = check(&ns, &["nginx-ser", "svc/half"]).exits(2);
    let half = |target| [(target, "IPv4", "open"), (target, "IPv6", "refused")];
    shows(&run, &["nginx-ser", "svc/half"].map(half).concat());
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let may = "it may listen on IPv4 only, on 127.0.0.1 only, or on another port";
    let expected = [
        (
            1,
            format!(
                "pod nginx-ser is ready and declares the port, and refuses connections to port 80; {may}"
            ),
        ),
        (
            3,
            format!(
                "svc/half sends port 80 to port 80 of nginx-ser, which refuses connections there though declaring it; {may}"
            ),
        ),
    ];
    for (place, message) in expected {
        assert_eq!(report["targets"][place]["causes"][0]["message"], message, "{}", run.story());
        assert_eq!(report["targets"][place - 1]["causes"], Value::Null, "what is open has none");
    }
}

#[test]
fn a_service_is_watched_at_both_of_its_addresses() {
    let ns = with_servers("watched");
    let install = ["monitor", "install", "svc/both", "svc/half", "svc/six", "--every", "1s"];
    ns.pods(install).run().success();
    let latest = || -> Vec<Value> {
        let run = ns.pods(["monitor", "status", "-o", "json"]).run().success();
        let status: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let probes = status.as_array().expect("probes").iter();
        let checks =
            probes.flat_map(|probe| probe["results"]["checks"].as_array().expect("checks"));
        checks.map(|check| json!([check["check"]["target"], check["latest"]["verdict"]])).collect()
    };
    let each =
        [json!(["svc/both", "open"]), json!(["svc/half", "refused"]), json!(["svc/six", "open"])];
    let expected = [each.clone(), each].concat();
    wait_until("every verdict", Duration::from_secs(20), || latest() == expected);
    let table = ns.pods(["monitor", "status"]).run().success().stdout;
    // Each probe has asked the endpoints themselves, too.
    let cause = "1 of 2 endpoints of svc/half does not answer: nginx-ser (";
    assert_eq!(table.matches(cause).count(), 2, "{table}");
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

/// Pods of one family alone, as those of a node have whose network knows no other: nobody runs them.
#[test]
fn a_service_whose_pods_are_of_the_other_family() {
    let ns = with_servers("mismatch");
    ns.apply(
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: other}, spec: \
         {ipFamilies: [IPv6], selector: {app: other}, ports: [{port: 80}]}}, {apiVersion: v1, kind: Pod, metadata: \
         {name: other, labels: {app: other}}, spec: {nodeName: nobody, tolerations: [{operator: Exists}], containers: \
         [{name: a, image: a}]}}]}",
    );
    let status = json!({"status": {
        "phase": "Running", "podIP": "10.130.9.9", "podIPs": [{"ip": "10.130.9.9"}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }});
    let patch = ["patch", "pod", "other", "--subresource=status", "-p", &status.to_string()];
    ns.kubectl(patch).run().success();
    let run = check(&ns, &["svc/other"]).exits(2);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let message = "svc/other is of IPv6 only, and its pods have only IPv4 addresses (other)";
    assert_eq!(report["targets"][0]["causes"][0]["message"], message, "{}", run.story());
}

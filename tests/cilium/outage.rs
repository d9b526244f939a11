//! What everybody in a cluster feels, so that it is made where the fewest tests are: no DNS, and a node that is gone.

use std::time::Duration;

use harness::{Cluster, Namespace, Run, start_article_servers, unused_beside, wait_until};
use serde_json::Value;

/// The cluster's DNS without a ready endpoint, for as long as this lives.
struct NoDns<'a>(&'a Cluster);

impl NoDns<'_> {
    fn set_ready(&self, ready: bool) -> Run {
        let patch = format!(
            r#"[{{"op": "add", "path": "/endpoints/0/conditions", "value": {{"ready": {ready}}}}}]"#
        );
        let slice =
            ["-n", "kube-system", "patch", "endpointslice", "kube-dns", "--type=json", "-p"];
        self.0.kubectl(slice).args([patch]).run()
    }
}

impl Drop for NoDns<'_> {
    fn drop(&mut self) {
        self.set_ready(true);
    }
}

/// The first cause of every target, once there is one of each.
fn causes(ns: &Namespace, targets: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    wait_until("a cause of each", Duration::from_secs(30), || {
        let words = ["check", "-o", "json", "--connect-timeout", "3s"];
        let run = ns.pods(words).args(targets.iter().copied()).run();
        let report: Value = serde_json::from_str(&run.stdout).expect(&run.stderr);
        let rows = report["targets"].as_array().expect("a list");
        let message = |row: &Value| row["causes"][0]["message"].as_str().map(str::to_owned);
        told = rows.iter().filter_map(message).collect();
        told.len() == targets.len()
    });
    told
}

#[test]
fn no_name_is_known_without_the_clusters_dns() {
    let cluster = Cluster::cilium();
    let ns = cluster.namespace("no-dns");
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    let no_dns = NoDns(&cluster);
    no_dns.set_ready(false).success();
    let told = causes(&ns, &["http://web:8081"]);
    let line = "the cluster's DNS (svc/kube-dns of namespace kube-system) has no ready endpoint (1 address in all)";
    assert_eq!(told, [line]);
}

/// What a policy for egress forgets first.
#[test]
fn a_policy_without_dns_is_told_as_such() {
    let ns = Cluster::cilium().namespace("dns-denied");
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    let service = "http://web:8081";
    wait_until("it to be open", Duration::from_secs(30), || {
        ns.pods(["check", service]).run().code == 0
    });
    ns.apply(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web-only}, spec: {podSelector: {}, \
         policyTypes: [Egress], egress: [{ports: [{port: 80}, {port: 8081}]}]}}",
    );
    let told = causes(&ns, &[service]);
    let line = "the cluster's DNS (svc/kube-dns of namespace kube-system) has 1 ready endpoint and did not answer the probe on ";
    assert!(told[0].starts_with(line), "{told:?}");
}

#[test]
fn what_is_on_a_node_that_is_gone_is_told_as_such() {
    let ns = Cluster::cilium().namespace("node-gone");
    start_article_servers(&ns);
    // After the others by name, so that no other test takes it for one to run on.
    let node = format!("silent-{}", ns.name);
    ns.apply(&format!("{{apiVersion: v1, kind: Node, metadata: {{name: {node}}}}}"));
    let patch = |object: &[&str], status: &str| {
        let words = ["patch", "--subresource=status", "--type=merge", "-p", status];
        ns.kubectl(words).args(object.iter().copied()).run().success();
    };
    let condition = |status: &str| {
        format!(r#"{{"status": {{"conditions": [{{"type": "Ready", "status": "{status}"}}]}}}}"#)
    };
    patch(&["node", &node], &condition("Unknown"));
    ns.apply(&format!(
        "{{apiVersion: v1, kind: List, items: [{{apiVersion: v1, kind: Service, metadata: {{name: lost}}, spec: \
         {{selector: {{app: lost}}, ports: [{{port: 80}}]}}}}, {{apiVersion: v1, kind: Pod, metadata: {{name: lost, \
         labels: {{app: lost}}}}, spec: {{nodeName: {node}, tolerations: [{{operator: Exists}}], containers: \
         [{{name: a, image: a}}]}}}}]}}"
    ));
    let ip = unused_beside(&ns.pod_ip("nginx-ser"));
    let status = serde_json::json!({"status": {
        "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
        "conditions": [{"type": "Ready", "status": "False"}],
    }});
    patch(&["pod", "lost"], &status.to_string());
    let told = causes(&ns, &["svc/lost", "lost:80"]);
    ns.cluster.kubectl(["delete", "node", &node]).run().success();
    let line = format!("node {node}, where lost runs, is not ready");
    assert_eq!(told, [line.clone(), line]);
}

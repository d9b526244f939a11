//! A Service that one node does not lead to, while its endpoints answer there and another node knows it.

use std::time::Duration;

use harness::{Cluster, NodeRule, start_article_servers, wait_until};

use super::apart::causes;

#[test]
fn what_one_node_does_not_know_is_told_of_that_node() {
    let ns = Cluster::nodes().namespace("causes-one-node");
    start_article_servers(&ns);
    ns.apply(include_str!("../../fixtures/services.yaml"));
    wait_until("kube-proxy to know the Service", Duration::from_secs(30), || {
        ns.pods(["check", "svc/web:8081"]).run().code == 0
    });
    let path = "jsonpath={.spec.clusterIP}";
    let vip = ns.kubectl(["get", "service", "web", "-o", path]).run().success().stdout;
    let nodes = ns.cluster.node_names();
    let [here, there] = nodes.as_slice() else { panic!("two nodes: {nodes:?}") };
    // Before kube-proxy's rules, which are in the table after this one.
    let drop = ["PREROUTING", "--destination", &vip, "--jump", "DROP"];
    let _rule = NodeRule::insert(&ns.cluster, here, "mangle", &drop);
    let told = causes(&ns, &["svc/web:8081", "--from-node", here, "--from-node", there]);
    let line = format!(
        "service-address-fails: 1 endpoint of svc/web answers at its own address, and its address {vip}:8081 does not: what \
         leads there on {here} (kube-proxy, or what stands for it) does not know it, or a policy is about the Service's \
         address"
    );
    let of = |node: &String, line: &str| (format!("svc/web:8081 from {node}"), line.to_owned());
    assert_eq!(told, [of(here, &line), of(there, "none: none")].into());
    assert_eq!(ns.leftovers(), "");
}

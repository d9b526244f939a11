//! A node whose kubelet cannot be asked. Its port is closed to everybody, so this is in the cluster with the fewest tests, which
//! is always one of our own.

use harness::{Cluster, NodeRule, Run, start_article_servers};

/// Closes the port of the kubelet of `node` for as long as what is returned lives.
fn close(cluster: &Cluster, node: &str, target: &[&str]) -> NodeRule {
    let port = ["INPUT", "--protocol", "tcp", "--dport", "10250", "--jump"];
    NodeRule::insert(cluster, node, "filter", &[&port[..], target].concat())
}

#[test]
fn a_closed_kubelet_does_not_cost_the_result() {
    let ns = Cluster::cilium().namespace("kubelet");
    start_article_servers(&ns);
    let node = ns.cluster.node_names().remove(0);
    let probe = |verb: &str| -> Run {
        let run = ns.pods([verb, "nginx-ser", "--from-node", &node]).run().success();
        assert_eq!(ns.leftovers(), "", "{}", run.story());
        run.complains("cannot be read, so the result is from its status: ")
    };
    let closed = close(&ns.cluster, &node, &["REJECT", "--reject-with", "tcp-reset"]);
    let run = probe("check").complains("Error from server: Get \"https://").complains(":10250");
    assert!(run.stdout.contains(" open "), "{}", run.story());
    drop(closed);
    let _closed = close(&ns.cluster, &node, &["DROP"]);
    let run = probe("curl");
    assert!(run.stdout.contains("Welcome to nginx!"), "{}", run.story());
}

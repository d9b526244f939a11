//! NetworkPolicy on a network that does not enforce it: accepted, and nothing happens.
//!
//! This holds for the bridge of our own test cluster. On a cluster that `--kubeconfig` names it may be otherwise, so
//! `cargo xtask test` leaves this module out there and says so.

use harness::{Cluster, start_article_servers};

#[test]
fn a_deny_policy_changes_nothing_where_none_is_enforced() {
    let ns = Cluster::nodes().namespace("policy");
    start_article_servers(&ns);
    ns.pods(["check", "nginx-ser"]).run().success();
    ns.apply(include_str!("../fixtures/deny-ingress.yaml"));
    // As long as the enforcing network takes at most: a late enforcement would be seen.
    std::thread::sleep(std::time::Duration::from_secs(3));
    ns.pods(["check", "nginx-ser", "httpd-ser"]).run().success();
}

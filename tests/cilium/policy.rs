//! NetworkPolicy, enforced: the same manifest as in `nodes::policy` has the opposite effect.

use std::time::Duration;

use harness::{Cluster, start_article_servers, wait_until};

#[test]
fn a_deny_policy_is_seen_as_silence_and_only_for_its_pod() {
    let ns = Cluster::cilium().namespace("policy");
    start_article_servers(&ns);
    ns.pods(["check", "nginx-ser", "httpd-ser"]).run().success();
    ns.apply(include_str!("../fixtures/deny-ingress.yaml"));
    let check =
        || ns.pods(["check", "nginx-ser", "--timeout", "3s", "--connect-timeout", "2s"]).run();
    wait_until("the policy to be enforced", Duration::from_secs(30), || check().code == 2);
    let denied = check().exits(2);
    assert!(denied.stdout.contains("dropped"), "{}", denied.story());
    let cause = ", not even at its own address: a NetworkPolicy, or the network between the nodes";
    assert!(denied.stdout.contains(cause), "{}", denied.story());
    ns.pods(["check", "httpd-ser"]).run().success();
    let curl = ns.pods(["curl", "nginx-ser", "--connect-timeout", "2"]).run().exits(28);
    assert_eq!(curl.stdout, "", "{}", curl.story());
}

//! Check where no probe can run: what is known without one.

use serde_json::{Value, json};

use super::pods::gated;
use crate::harness::Cluster;

#[test]
fn a_pod_without_an_address_is_not_judged_and_costs_no_job() {
    let ns = Cluster::control_plane().namespace("check-gated");
    ns.kubectl(["create", "-f", "-"]).stdin(gated("held", json!({})).to_string()).run().success();
    // No Job may be created: were one asked for, the quota would refuse it with exit code 1.
    ns.limit("none", "count/jobs.batch=0");
    let run = ns.pods(["check", "held:80", "-o", "json"]).run().exits(3);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let target = &report["targets"][0];
    assert_eq!(target["verdict"], "not-run", "{target}");
    let message = target["message"].as_str().expect("a message");
    assert!(message.starts_with("pod held has no address yet ("), "{message}");
    let run = ns.pods(["curl", "held"]).run().exits(3).prints("");
    assert!(run.stderr.starts_with("error: pod held has no address yet ("), "{}", run.story());
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
    // The quota does what it is here for.
    ns.pods(["check", "10.0.0.7:80"]).run().exits(1).complains("exceeded quota: none");
}

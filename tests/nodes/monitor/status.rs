//! What `monitor status` makes of probes that come and go.

use std::time::Duration;

use super::status;
use harness::{Cluster, wait_until};

#[test]
fn a_probe_that_is_being_deleted_is_not_asked() {
    let ns = Cluster::nodes().namespace("monitor-going");
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    let seen = status(&ns);
    let pods: Vec<&str> = seen
        .as_array()
        .expect("a list of probes")
        .iter()
        .map(|probe| probe["pod"].as_str().expect("a name"))
        .collect();
    let pod = format!("pod/{}", pods[0]);
    // The finalizer keeps the object when the container is long gone, as a node that is lost does.
    let hold = |finalizers: &str| {
        let patch = format!("{{\"metadata\": {{\"finalizers\": {finalizers}}}}}");
        ns.kubectl(["patch", &pod, "--type=merge", "-p", &patch]).run().success();
    };
    hold("[\"pods.example/held\"]");
    ns.kubectl(["delete", &pod, "--wait=false"]).run().success();

    let run = ns.pods(["monitor", "status"]).run().exits(3);
    assert_eq!(run.stdout.lines().count(), pods.len(), "one probe less: {}", run.story());
    let complaint = format!("{} of {} probes are there", pods.len() - 1, pods.len());
    let run = run.complains(&complaint);
    assert!(run.took < Duration::from_secs(20), "{}", run.story());

    hold("null");
    wait_until("its successor", Duration::from_secs(30), || {
        ns.pods(["monitor", "status"]).run().code == 0
    });
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

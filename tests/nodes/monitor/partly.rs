//! A node that cannot take a probe, beside one that can.

use std::time::Duration;

use super::super::{SOON, obstacle::every_pod_gets};
use harness::Cluster;

#[test]
fn one_node_without_a_probe_is_named_and_undoes_nothing() {
    let ns = Cluster::nodes().namespace("monitor-partly");
    let [bad, good] = ns.cluster.node_names().try_into().expect("two nodes");
    // What is made for no node, or another than the good one, gets an image that nobody has.
    let spec = format!(
        "has(object.spec.affinity) && object.spec.affinity.nodeAffinity
          .requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values[0] == \"{good}\"
          ? Object.spec{{}}
          : Object.spec{{containers: [Object.spec.containers{{
              name: object.spec.containers[0].name, image: \"localhost:1/missing:1\"}}]}}"
    );
    every_pod_gets(&ns, &spec, "jsonpath={.spec.containers[0].image}", "localhost:1/missing:1");
    let run = ns.pods(["monitor", "install", "10.96.0.1:443"]).run().exits(3);
    let run = run.complains(&format!("Warning: no probe on node {bad}: ErrImagePull"));
    assert!(run.stdout.contains("installed: 1 of 2 probes, 1 checks"), "{}", run.story());
    assert!(run.took < SOON, "{}", run.story());
    let status = ns.pods(["monitor", "status"]).run().exits(3);
    assert!(status.stdout.contains(&good), "it stays, and works where it is: {}", status.story());
    ns.pods(["monitor", "uninstall"]).run().success();
    ns.wait_clean(Duration::from_secs(10));
}

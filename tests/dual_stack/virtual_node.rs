//! A node that is no machine: virtual-kubelet and Fargate promise pods a place, and take no DaemonSet.

use std::time::Duration;

use harness::{Cluster, Namespace, wait_until};

/// A node without a kubelet, which goes when this is dropped.
struct VirtualNode<'n>(&'n Namespace);

impl<'n> VirtualNode<'n> {
    const NAME: &'static str = "virtual";

    fn new(ns: &'n Namespace) -> Self {
        ns.apply(
            "{apiVersion: v1, kind: Node, metadata: {name: virtual, labels: {type: virtual-kubelet, \
             kubernetes.io/os: linux, kubernetes.io/arch: amd64}}}",
        );
        Self(ns)
    }
}

impl Drop for VirtualNode<'_> {
    fn drop(&mut self) {
        self.0.kubectl(["delete", "node", Self::NAME]).run();
    }
}

#[test]
fn a_virtual_node_gets_no_standing_probe() {
    let ns = Cluster::dual_stack().namespace("virtual");
    let machines = ns.cluster.node_names().len();
    let _node = VirtualNode::new(&ns);
    let run = ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    run.prints(&format!(
        "daemonset.apps/kubectl-pods-monitor installed: {machines} probes, 1 checks every 30s\n"
    ));
    // A DaemonSet of anybody else's does want a pod there, once the controller has seen the node.
    ns.apply(
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: any}, spec: {selector: {matchLabels: {a: any}}, \
         template: {metadata: {labels: {a: any}}, spec: {tolerations: [{operator: Exists}], \
         containers: [{name: any, image: none}]}}}}",
    );
    let wanted = |name: &str| {
        let path = "jsonpath={.status.desiredNumberScheduled}";
        ns.kubectl(["get", "daemonset", name, "-o", path]).run().success().stdout
    };
    wait_until("a pod to be wanted on the virtual node too", Duration::from_secs(30), || {
        wanted("any") == (machines + 1).to_string()
    });
    assert_eq!(wanted("kubectl-pods-monitor"), machines.to_string());
    ns.pods(["monitor", "uninstall"]).run().success();
}

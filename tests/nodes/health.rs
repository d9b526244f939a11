//! gRPC health: what the kubelet's own gRPC probes find, ours finds too. The server is the etcd that the cluster itself is
//! built with, from the machine's disk.

use std::time::Duration;

use harness::{Cluster, SharedServers, wait_until};

#[test]
fn health_is_what_the_kubelet_finds() {
    let cluster = Cluster::nodes();
    let ns = cluster.namespace("grpc");
    let programs = cluster.program("etcd");
    let folder = programs.parent().expect("a folder").display().to_string();
    ns.apply(&include_str!("../fixtures/grpc.yaml").replace("$PROGRAMS", &folder));
    wait_until("etcd to be ready by a gRPC probe", Duration::from_mins(1), || {
        let ready = "jsonpath={.status.containerStatuses[0].ready}";
        ns.kubectl(["get", "pod", "etcd", "-o", ready]).run().success().stdout == "true"
    });
    let ip = ns.pod_ip("etcd");
    let check = |words: &[&str]| ns.pods(["check", "-o", "wide"]).args(words.iter().copied()).run();
    let run = check(&[&format!("grpc://{ip}:2379")]).success();
    assert!(run.stdout.contains("gRPC health: SERVING"), "{}", run.story());
    let run = check(&["svc/etcd", "etcd:2379", "--protocol", "grpc"]).success();
    assert_eq!(run.stdout.matches("gRPC health: SERVING").count(), 2, "{}", run.story());
    // A service that it does not have, for which the kubelet's probe of the other pod asks.
    let run = check(&[&format!("grpc://{ip}:2379/nobody")]).exits(2);
    assert!(run.stdout.contains("not-serving"), "{}", run.story());
    assert!(run.stdout.contains("knows no service \"nobody\" (gRPC status 5)"), "{}", run.story());
    wait_until("the kubelet to find so too", Duration::from_mins(1), || {
        let unhealthy = ["get", "events", "--field-selector", "reason=Unhealthy"];
        let said = ns.kubectl(unhealthy).run().success().stdout;
        said.contains("pod/nobody") && said.contains("health rpc probe failed")
    });
    // nginx speaks HTTP/1 there.
    let nginx = format!("grpc://{}:80", SharedServers::get().nginx_ip);
    let run = check(&[&nginx]).exits(2);
    assert!(run.stdout.contains("not-http"), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

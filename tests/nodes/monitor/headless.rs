//! A headless Service means the same to a standing probe as to a check: every address of its name.

use std::time::Duration;

use serde_json::json;

use super::{all_become, status};
use harness::{Cluster, SharedServers, wait_until};

#[test]
fn a_headless_service_is_as_good_as_the_worst_of_its_endpoints() {
    let (cluster, servers) = (Cluster::nodes(), SharedServers::get());
    let ns = cluster.namespace("monitor-headless");
    let address = "jsonpath={.items[0].status.addresses[?(@.type==\"InternalIP\")].address}";
    let node = cluster.kubectl(["get", "nodes", "-o", address]).run().success().stdout;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "two"},
        "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]},
    });
    ns.apply(&service.to_string());
    let serve = |addresses: &[&str]| {
        let endpoints: Vec<_> =
            addresses.iter().map(|address| json!({"addresses": [address]})).collect();
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "two-1", "labels": {"kubernetes.io/service-name": "two"}},
            "addressType": "IPv4", "ports": [{"name": "http", "port": 80}], "endpoints": endpoints,
        });
        ns.apply(&slice.to_string());
    };
    // Nobody listens on this port of a node.
    serve(&[&servers.nginx_ip, &node]);
    let check = || ns.pods(["check", "svc/two"]).run();
    wait_until("both endpoints to be read", Duration::from_secs(30), || {
        check().stdout.lines().count() == 3
    });
    let run = check().exits(2);
    assert!(run.stdout.contains("open") && run.stdout.contains("refused"), "{}", run.story());

    ns.pods(["monitor", "install", "--every", "1s", "svc/two"]).run().success();
    all_become(&ns, "svc/two", "refused");
    let seen = status(&ns);
    let check = &seen[0]["results"]["checks"][0];
    let message = check["latest"]["message"].as_str().expect("a message");
    assert!(message.starts_with("1 of 2 addresses, one of them: "), "{message}");
    let addresses = check["latest"]["details"]["name"]["addresses"].as_array().expect("addresses");
    assert_eq!(addresses.len(), 2, "{check:#}");
    let cause = &seen[0]["causes"]["svc/two"][0];
    assert_eq!(cause["kind"], "some-endpoints-fail", "{cause}");
    let message = cause["message"].as_str().expect("a message");
    let says = format!("1 of 2 endpoints of svc/two does not answer: {node}:80 (refused)");
    assert_eq!(message, says, "each address was asked");

    // It follows the Service without being told.
    serve(&[&servers.nginx_ip]);
    all_become(&ns, "svc/two", "open");
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

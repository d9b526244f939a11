//! A Service that somebody lets lead to where a cloud hands out credentials.

use std::time::Duration;

use harness::{Cluster, wait_until};

/// Such an address that an EndpointSlice may have: the API server refuses those that are link-local.
const ADDRESS: &str = "100.100.100.200";

const SHADOW: &str = "
apiVersion: v1
kind: Service
metadata: {name: shadow}
spec:
  clusterIP: None
  ports: [{port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shadow-by-hand, labels: {kubernetes.io/service-name: shadow}}
addressType: IPv4
ports: [{port: 80}]
endpoints: [{addresses: [100.100.100.200]}]
";

#[test]
fn neither_a_service_nor_its_name_leads_there() {
    let ns = Cluster::nodes().namespace("metadata");
    ns.apply(SHADOW);
    let name = format!("shadow.{}.svc:80", ns.name);
    let check = |target: &str| ns.pods(["check", target, "--no-headers"]).run();
    // The cluster's DNS server has to hear of it first.
    let refused = format!("refused: shadow.{}.svc resolves to {ADDRESS}", ns.name);
    wait_until(&refused, Duration::from_secs(30), || check(&name).stderr.contains(&refused));
    let run = check(&name).exits(3);
    assert!(run.stdout.contains(" not-run "), "{}", run.story());
    let refused = format!("refused: svc/shadow leads to {ADDRESS}");
    let run = check("svc/shadow").exits(3).complains(&refused);
    assert!(run.stdout.contains(" not-run "), "{}", run.story());
    ns.pods(["curl", "svc/shadow"]).run().exits(3).prints("").complains(&refused);
    assert_eq!(ns.leftovers(), "");
}

//! Many targets by one word: the pods of a selector, the Services of a namespace or of all.

use std::time::Duration;

use harness::{Cluster, Run, start_article_servers, wait_until};

/// The first word of every line but the heading.
fn targets(run: &Run) -> Vec<&str> {
    run.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn every_ready_pod_of_a_selector() {
    let ns = Cluster::nodes().namespace("sets-pods");
    start_article_servers(&ns);
    let run = ns.pods(["check", "-l", "app in (nginx-ser, httpd-ser)"]).run().success();
    assert_eq!(targets(&run), ["pod/httpd-ser:80", "pod/nginx-ser:80"], "{}", run.story());
    let run = ns.pods(["check", "nginx-ser", "--selector", "app=nobody"]).run().exits(3);
    run.complains("-l app=nobody has no ready pod (0 in all)");
    ns.pods(["check", "-l", "app="]).run();
    let run = ns.pods(["check", "-l", "a b"]).run().exits(1);
    assert!(run.stderr.contains("unable to parse requirement"), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_service_and_each_of_its_endpoints() {
    let ns = Cluster::nodes().namespace("sets-endpoints");
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    let check =
        |words: &[&str]| ns.pods(["check", "--endpoints"]).args(words.iter().copied()).run();
    wait_until("the Service to lead somewhere", Duration::from_secs(30), || {
        check(&["svc/web"]).stdout.matches(" open ").count() == 2
    });
    let run = check(&["svc/web", "svc/headless"]).success();
    assert_eq!(targets(&run), ["svc/web", "pod/nginx-ser:80", "svc/headless"], "{}", run.story());
    // An endpoint by hand on whose port nobody listens: the Service's address would answer every second time.
    let address = ns.pod_ip("nginx-ser");
    ns.apply(&format!(
        "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: web-by-hand, labels: \
         {{kubernetes.io/service-name: web}}}}, addressType: IPv4, ports: [{{name: http, port: 81}}], \
         endpoints: [{{addresses: [{address}]}}]}}",
    ));
    let run = check(&["svc/web", "--protocol", "tcp"]).exits(2);
    let broken = format!("{address}:81");
    assert!(targets(&run).contains(&broken.as_str()), "{}", run.story());
    check(&["nginx-ser"]).exits(1).complains("--endpoints needs a Service");
    check(&["svc/web", "--protocol", "icmp"]).exits(1).complains("has none");
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn every_port_of_every_service() {
    let ns = Cluster::nodes().namespace("sets-services");
    start_article_servers(&ns);
    let nobody = ns.pods(["check", "--all"]).run().exits(1).prints("");
    nobody.complains("there is no Service to check");
    ns.apply(
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: both}, spec: \
         {selector: {app: nginx-ser}, ports: [{name: http, port: 80}, {name: more, port: 81, targetPort: 80}]}}, \
         {apiVersion: v1, kind: Service, metadata: {name: udp}, spec: {selector: {app: nginx-ser}, ports: \
         [{port: 53, protocol: UDP}]}}]}",
    );
    let check = || ns.pods(["check", "--all", "--protocol", "tcp"]).run();
    wait_until("the Services to lead somewhere", Duration::from_secs(30), || {
        check().stdout.matches(" open ").count() == 2
    });
    let run = check().success();
    assert_eq!(targets(&run), ["svc/both:80", "svc/both:81"], "{}", run.story());
    assert_eq!(
        run.stderr,
        "Warning: left out: svc/udp (without a port for TCP)\n",
        "{}",
        run.story()
    );
    // What has no port is left out by name, and takes nothing from the others.
    ns.apply(
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: alias}, spec: \
         {type: ExternalName, externalName: db.example.org}}, {apiVersion: v1, kind: Service, metadata: {name: peers}, \
         spec: {clusterIP: None, selector: {app: nginx-ser}}}]}",
    );
    let run = check().success();
    let left = "left out: svc/alias (an alias of db.example.org, without a port), svc/peers (headless, without a port), svc/udp";
    run.complains(left);
    // In no one protocol: each is spoken to as it declares. nginx hears no datagram.
    ns.apply(
        "{apiVersion: v1, kind: Service, metadata: {name: media}, spec: {selector: {app: nginx-ser}, ports: \
         [{port: 9, protocol: SCTP}]}}",
    );
    let run = ns.pods(["check", "--all"]).run().exits(2);
    let all = ["svc/both:80", "svc/both:81", "svc/udp:53/UDP"];
    assert_eq!(targets(&run), all, "{}", run.story());
    assert!(run.stdout.contains(" refused "), "{}", run.story());
    let run = run.complains("svc/media:9/SCTP (its protocol)");
    assert!(run.stdout.matches(" open ").count() == 2, "{}", run.story());
    ns.kubectl(["delete", "service", "media"]).run().success();
    // From a namespace that has none, those of all are named with theirs.
    let other = ns.cluster.namespace("sets-other");
    let everywhere = ["check", "--all", "-A", "--protocol", "tcp", "--connect-timeout", "1s"];
    let run = other.pods(everywhere).run();
    let named = |suffix: &str| format!("svc/both.{}:{suffix}", ns.name);
    for port in ["80", "81"] {
        assert!(targets(&run).contains(&named(port).as_str()), "{}", run.story());
    }
    assert!(targets(&run).contains(&"svc/kubernetes.default"), "{}", run.story());
    let typed = format!("svc/both.{}:81", ns.name);
    let run = other.pods(["check", &typed, "svc/nobody.default"]).run().exits(2);
    assert!(run.stdout.contains(" open "), "{}", run.story());
    let cause = "there is no Service nobody in namespace default";
    assert!(run.stdout.contains(cause), "{}", run.story());
    other.pods(["curl", &typed]).run().success();
    assert_eq!(other.leftovers(), "");
}

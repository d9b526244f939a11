//! What is asked at no port, the resolver and an ICMP echo, and what is asked over UDP.

use std::time::Duration;

use harness::{Cluster, start_article_servers, wait_until};
use serde_json::Value;

/// By which a pod says that its own groups may send ICMP echos: a sysctl that Kubernetes calls safe.
const MAY_PING: [&str; 2] = [
    "--overrides",
    r#"{"spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.ping_group_range", "value": "0 2147483647"}]}}}"#,
];

#[test]
fn the_resolver_is_asked_and_nobody_else() {
    let ns = Cluster::nodes().namespace("dns");
    ns.apply(include_str!("../fixtures/services.yaml"));
    let check = || ns.pods(["check", "dns://web", "dns://nobody", "-o", "json"]).run();
    wait_until("the name to be known", Duration::from_secs(30), || {
        check().stdout.contains("\"open\"")
    });
    let run = check().exits(2);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let vip = ns.kubectl(["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]);
    let vip = vip.run().success().stdout;
    let [web, nobody] = [0, 1].map(|place| &report["targets"][place]);
    assert_eq!((&web["verdict"], &web["message"]), (&"open".into(), &format!("is {vip}").into()));
    assert_eq!(nobody["verdict"], "dns-nxdomain", "{}", run.story());
    let cause = format!("there is no Service nobody in namespace {}", ns.name);
    assert_eq!(nobody["causes"][0]["message"], cause, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn an_echo_where_the_kernel_allows_one() {
    let ns = Cluster::nodes().namespace("icmp");
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    let check =
        |words: &[&str]| ns.pods(["check", "--protocol", "icmp"]).args(words.iter().copied()).run();
    let run = check(&["nginx-ser"]);
    // A runtime may allow it to all pods.
    if run.code != 0 {
        run.exits(3).complains("net.ipv4.ping_group_range");
    }
    let run = check(&[&["nginx-ser", "-l", "app=httpd-ser", "-o", "json"][..], &MAY_PING].concat());
    let report: Value = serde_json::from_str(&run.success().stdout).expect("JSON");
    let rows = report["targets"].as_array().expect("rows");
    for (row, (name, pod)) in
        rows.iter().zip([("nginx-ser", "nginx-ser"), ("pod/httpd-ser", "httpd-ser")])
    {
        let told = [&row["target"], &row["address"], &row["message"]];
        assert_eq!(told, [name, &ns.pod_ip(pod), "echo reply"], "{row}");
        assert!(
            row["latency"]["rtt"]["median_seconds"].as_f64().is_some_and(|rtt| rtt > 0.0),
            "{row}"
        );
    }
    assert_eq!(rows.len(), 2, "{report}");
    check(&["svc/web"]).exits(3).complains("is no machine that answers an ICMP echo");
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_datagram_to_a_dns_server_and_to_nobody() {
    let ns = Cluster::nodes().namespace("udp");
    start_article_servers(&ns);
    let check = |target| ns.pods(["check", "--protocol", "udp", "-o", "json", target]).run();
    // Its cluster IP, so through kube-proxy.
    let run = check("svc/kube-dns.kube-system:53");
    let report: Value = serde_json::from_str(&run.success().stdout).expect("JSON");
    let [dns] = &report["targets"].as_array().expect("rows")[..] else { panic!("{report}") };
    assert_eq!((&dns["verdict"], &dns["protocol"]), (&"open".into(), &"udp".into()));
    assert!(
        dns["message"].as_str().is_some_and(|says| says.starts_with("answered with ")),
        "{dns}"
    );
    let run = check("nginx-ser:81").exits(2);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let closed = &report["targets"][0];
    assert_eq!(closed["verdict"], "refused", "{closed}");
    let says = format!("ICMP \"port unreachable\" from {}", ns.pod_ip("nginx-ser"));
    assert!(closed["message"].as_str().is_some_and(|told| told.starts_with(&says)), "{closed}");
    assert_eq!(ns.leftovers(), "");
}

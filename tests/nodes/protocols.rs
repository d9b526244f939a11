//! What is asked at no port, the resolver and an ICMP echo, and what is asked over UDP.

use std::time::Duration;

use harness::{Cluster, start_article_servers, wait_until};
use serde_json::{Value, json};

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

/// A Service of UDP that sends to every standing probe.
fn in_front_of_standing_probes() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "echo"},
        "spec": {
            "selector": {
                "app.kubernetes.io/component": "monitor",
                "app.kubernetes.io/instance": "kubectl-pods-monitor",
            },
            "ports": [{"name": "echo", "port": 7007, "targetPort": "echo", "protocol": "UDP"}],
        },
    })
}

#[test]
fn standing_probes_behind_a_service_say_which_of_them_answered() {
    let ns = Cluster::nodes().namespace("echo");
    ns.apply(&in_front_of_standing_probes().to_string());
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    let pods = ns.kubectl(["get", "pods", "-o", "json"]).run().success();
    let pods: Value = serde_json::from_str(&pods.stdout).expect("JSON");
    let pods = pods["items"].as_array().expect("pods").iter();
    let mut expected: Vec<_> =
        pods.map(|pod| [&pod["metadata"]["name"], &pod["spec"]["nodeName"]]).collect();
    expected.sort_by_key(|[name, _]| name.to_string());
    assert_eq!(expected.len(), 2, "one on each node");

    let check = |output| {
        let words = ["check", "svc/echo", "--protocol", "udp", "--attempts", "20", "-o", output];
        ns.pods(words).run()
    };
    wait_until("both to be behind the Service", Duration::from_secs(30), || {
        let run = check("wide");
        run.code == 0 && run.stdout.contains("2 backends: kubectl-pods-monitor-")
    });
    let run = check("json").success();
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let target = &report["targets"][0];
    let mut shares = target["backends"].as_array().expect("backends").clone();
    shares.sort_by_key(|share| share["name"].to_string());
    let named: Vec<_> = shares.iter().map(|share| [&share["name"], &share["node"]]).collect();
    assert_eq!(named, expected, "{target}");
    let counts = shares.iter().filter_map(|share| share["count"].as_u64());
    assert_eq!(counts.sum::<u64>(), 20, "{target}");

    // One of them alone, by the port that its pod declares.
    let pod = format!("pod/{}", expected[0][0].as_str().expect("a name"));
    let run = ns.pods(["check", &pod, "--protocol", "udp", "-o", "json"]).run().success();
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let [name, node] = expected[0].map(|word| word.as_str().expect("a word"));
    assert_eq!(report["targets"][0]["message"], format!("echoed by {name} on {node}"));
    ns.pods(["monitor", "uninstall"]).run().success();
    ns.kubectl(["delete", "service", "echo"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

//! A real Prometheus beside the standing probe.

use std::{collections::BTreeMap, time::Duration};

use kpods_prometheus::Prometheus;
use serde_json::Value;

use super::status;
use harness::{Cluster, Namespace, start_article_servers};

/// Label selector of the probes.
const MONITOR: &str = "app.kubernetes.io/name=kubectl-pods,app.kubernetes.io/component=monitor";

/// A server whose certificate is the cluster's. Who may ask it for what is not the question.
const API: [&str; 3] = ["https://kubernetes.default.svc/version", "--expect", "100-499"];

/// The alert that the documentation gives for a certificate that ends soon.
fn documented_alert() -> String {
    let page = include_str!("../../../docs/monitor.md");
    let (_, alert) =
        page.split_once("alert: CertificateEndsSoon\n    expr: >-\n").expect("an alert");
    let (alert, _) = alert.split_once("\n    for:").expect("its end");
    alert.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The addresses of the probes in `ns`, at the port that their annotations name.
fn addresses(ns: &Namespace) -> Vec<String> {
    let list = ns.kubectl(["get", "pods", "-o", "json", "-l", MONITOR]).run().success().stdout;
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let address = |pod: &Value| {
        let annotations = &pod["metadata"]["annotations"];
        assert_eq!(annotations["prometheus.io/scrape"], "true", "{annotations}");
        assert_eq!(annotations["prometheus.io/path"], "/metrics", "{annotations}");
        let port = annotations["prometheus.io/port"].as_str().expect("a port");
        format!("{}:{port}", pod["status"]["podIP"].as_str().expect("an address"))
    };
    list["items"].as_array().expect("a list").iter().map(address).collect()
}

/// The API server's certificate, as an alert has it and as `monitor status` does.
fn certificates_are_told(ns: &Namespace, prometheus: &Prometheus, nodes: usize) {
    let alert = documented_alert();
    let query = |query: &str| prometheus.query(query).expect("an answer");
    assert_eq!(query(&alert).len(), 0, "it is good for ten years");
    let alerts = query(&alert.replace("14 * 86400", "5000 * 86400"));
    assert_eq!(alerts.len(), nodes, "{alerts:?}");
    for sample in &alerts {
        let label = |name| sample.labels.get(name).map_or("", String::as_str);
        assert_eq!(label("target"), API[0], "{sample:?}");
        assert!(label("subject").contains("CN="), "{sample:?}");
        assert!(label("issuer").contains("CN="), "{sample:?}");
    }
    for probe in status(ns).as_array().expect("probes") {
        let latest = &probe["results"]["checks"][2]["latest"];
        let certificate = &latest["details"]["tls"]["certificate"];
        let days = certificate["days_left"].as_i64().expect("days");
        assert!((3000..3660).contains(&days), "{latest:#}");
    }
}

#[test]
fn prometheus_scrapes_the_probes_and_sees_a_target_stop() {
    const SOON: Duration = Duration::from_secs(30);
    // Two intervals, of which the connect time-out is shorter than one; one scrape interval; and a slow machine.
    const TURN: Duration = Duration::from_secs(2 * 5 + 1 + 2);
    let ns = Cluster::nodes().namespace("prometheus");
    start_article_servers(&ns);
    let terms = ["--every", "5s", "--connect-timeout", "3s"];
    let targets = ["nginx-ser", "httpd-ser"];
    ns.pods(["monitor", "install"]).args(terms).args(targets).args(API).run().success();
    let nodes = status(&ns).as_array().map(Vec::len).expect("a list of probes");
    let folder = tempfile::tempdir().expect("a folder");
    let prometheus = Prometheus::start(folder.path(), &addresses(&ns), &BTreeMap::new())
        .expect("Prometheus runs");
    let query = |query: &str| prometheus.query(query).expect("an answer");
    let expect = |query: &str, value, limit| {
        prometheus.wait_for(query, nodes, value, limit).expect("Prometheus sees the probes");
    };

    expect("up{job=\"kubectl-pods\"}", 1.0, SOON);
    let success = |target: &str| format!("kubectl_pods_probe_success{{target=\"{target}\"}}");
    for target in targets {
        expect(&success(target), 1.0, SOON);
        let rtt = query(&format!("kubectl_pods_probe_rtt_seconds{{target=\"{target}\"}}"));
        assert_eq!(rtt.len(), nodes, "{rtt:?}");
        for sample in &rtt {
            assert!(sample.labels.contains_key("source_node"), "{sample:?}");
            assert!(sample.value > 0.0 && sample.value < 1.0, "{sample:?} in seconds");
        }
        let count = format!("kubectl_pods_probe_duration_seconds_count{{target=\"{target}\"}} > 0");
        assert_eq!(query(&count).len(), nodes, "latency is a histogram");
    }

    expect("kubectl_pods_probe_ssl_chain_trusted", 1.0, SOON);
    certificates_are_told(&ns, &prometheus, nodes);

    ns.kubectl(["delete", "pod", "nginx-ser", "--now"]).run().success();
    // From here the address is nobody's: the next attempt of each probe begins within one interval and fails within
    // the connect time-out.
    expect(&success("nginx-ser"), 0.0, TURN);
    expect(&success("httpd-ser"), 1.0, SOON);

    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
    expect("up{job=\"kubectl-pods\"}", 0.0, SOON);
}

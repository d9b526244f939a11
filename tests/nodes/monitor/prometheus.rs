//! A real Prometheus beside the standing probe.

use std::{collections::BTreeMap, time::Duration};

use kpods_prometheus::Prometheus;
use serde_json::Value;

use super::status;
use harness::{Cluster, Namespace, start_article_servers};

/// Label selector of the probes.
const MONITOR: &str = "app.kubernetes.io/name=kubectl-pods,app.kubernetes.io/component=monitor";

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

#[test]
fn prometheus_scrapes_the_probes_and_sees_a_target_stop() {
    const SOON: Duration = Duration::from_secs(30);
    // Two intervals, of which the connect time-out is shorter than one; one scrape interval; and a slow machine.
    const TURN: Duration = Duration::from_secs(2 * 5 + 1 + 2);
    let ns = Cluster::nodes().namespace("prometheus");
    start_article_servers(&ns);
    let terms = ["--every", "5s", "--connect-timeout", "3s"];
    let targets = ["nginx-ser", "httpd-ser"];
    ns.pods(["monitor", "install"]).args(terms).args(targets).run().success();
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

    ns.kubectl(["delete", "pod", "nginx-ser", "--now"]).run().success();
    // From here the address is nobody's: the next attempt of each probe begins within one interval and fails within
    // the connect time-out.
    expect(&success("nginx-ser"), 0.0, TURN);
    expect(&success("httpd-ser"), 1.0, SOON);

    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
    expect("up{job=\"kubectl-pods\"}", 0.0, SOON);
}

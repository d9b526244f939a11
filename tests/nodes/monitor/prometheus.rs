//! A real Prometheus beside the standing probe.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::status;
use crate::harness::{Cluster, Namespace, start_article_servers, wait_until};

/// Label selector of the probes.
const MONITOR: &str = "app.kubernetes.io/name=kubectl-pods,app.kubernetes.io/component=monitor";

/// A real Prometheus on a port and in a folder of its own, ended on drop.
struct Prometheus {
    child: Child,
    port: u16,
    client: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one that scrapes the probes in `ns` every second, at the port and path that their annotations name.
    /// (Debian builds Prometheus without Kubernetes discovery, so it is given the same addresses in a file.)
    fn start(ns: &Namespace) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let list = ns.kubectl(["get", "pods", "-o", "json", "-l", MONITOR]).run().success().stdout;
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let address = |pod: &Value| {
            let annotations = &pod["metadata"]["annotations"];
            assert_eq!(annotations["prometheus.io/scrape"], "true", "{annotations}");
            assert_eq!(annotations["prometheus.io/path"], "/metrics", "{annotations}");
            let port = annotations["prometheus.io/port"].as_str().expect("a port");
            format!("{}:{port}", pod["status"]["podIP"].as_str().expect("an address"))
        };
        let addresses: Vec<String> =
            list["items"].as_array().expect("a list").iter().map(address).collect();
        let config = serde_json::json!({"scrape_configs": [{
            "job_name": "kubectl-pods", "scrape_interval": "1s", "static_configs": [{"targets": addresses}],
        }]});
        // YAML is a superset of JSON.
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config.to_string()).expect("the configuration is written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).expect("a log"))
            .spawn()
            .expect("prometheus is installed (Debian package prometheus)");
        // reqwest wants one even for plain HTTP; another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = tokio::runtime::Runtime::new().expect("a runtime");
        let prometheus = Self { child, port, client, _folder: folder };
        wait_until("prometheus", Duration::from_secs(30), || prometheus.get("/-/ready").is_some());
        prometheus
    }

    fn get(&self, path: &str) -> Option<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.client.block_on(async {
            let answer = reqwest::get(url).await.ok()?.error_for_status().ok()?;
            answer.text().await.ok()
        })
    }

    /// The samples of a query: labels and value.
    fn query(&self, query: &str) -> Vec<(Value, f64)> {
        let mut url = url::Url::parse("http://x/api/v1/query").expect("a URL");
        url.query_pairs_mut().append_pair("query", query);
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let text = self.get(&path).unwrap_or_else(|| panic!("no answer to {query}"));
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let samples = answer["data"]["result"].as_array().expect("a vector").iter();
        let value = |sample: &Value| sample["value"][1].as_str().and_then(|text| text.parse().ok());
        samples.map(|s| (s["metric"].clone(), value(s).expect("a number"))).collect()
    }

    /// Waits until `query` gives `count` samples, each of them `value`.
    #[track_caller]
    fn expect(&self, query: &str, count: usize, value: f64, limit: Duration) {
        wait_until(&format!("{count} × {value} of {query}"), limit, || {
            let samples = self.query(query);
            samples.len() == count && samples.iter().all(|(_, got)| (got - value).abs() < 1e-9)
        });
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    ns.pods(["monitor", "install"]).args(terms).args(targets).run().success();
    let nodes = status(&ns).as_array().map(Vec::len).expect("a list of probes");
    let prometheus = Prometheus::start(&ns);

    prometheus.expect("up{job=\"kubectl-pods\"}", nodes, 1.0, SOON);
    let success = |target: &str| format!("kubectl_pods_probe_success{{target=\"{target}\"}}");
    for target in targets {
        prometheus.expect(&success(target), nodes, 1.0, SOON);
        let rtt =
            prometheus.query(&format!("kubectl_pods_probe_rtt_seconds{{target=\"{target}\"}}"));
        assert_eq!(rtt.len(), nodes, "{rtt:?}");
        for (labels, seconds) in &rtt {
            assert!(labels["source_node"].is_string(), "{labels}");
            assert!(*seconds > 0.0 && *seconds < 1.0, "{labels}: {seconds} s");
        }
        let count = format!("kubectl_pods_probe_duration_seconds_count{{target=\"{target}\"}} > 0");
        assert_eq!(prometheus.query(&count).len(), nodes, "latency is a histogram");
    }

    ns.kubectl(["delete", "pod", "nginx-ser", "--now"]).run().success();
    // From here the address is nobody's: the next attempt of each probe begins within one interval and fails within
    // the connect time-out.
    prometheus.expect(&success("nginx-ser"), nodes, 0.0, TURN);
    prometheus.expect(&success("httpd-ser"), nodes, 1.0, SOON);

    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
    prometheus.expect("up{job=\"kubectl-pods\"}", nodes, 0.0, SOON);
}

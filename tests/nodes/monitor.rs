//! The standing probe and Prometheus.

use std::{
    net::TcpListener,
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::harness::{Cluster, Namespace, Run, start_article_servers, wait_until};

/// Label selector of the probes.
const MONITOR: &str = "app.kubernetes.io/name=kubectl-pods,app.kubernetes.io/component=monitor";

/// The role that the documentation asks for.
const RIGHTS: &str = include_str!("../../deploy/rights-monitor.yaml");

pub(super) fn status(ns: &Namespace) -> Value {
    let run = ns.pods(["monitor", "status", "-o", "json"]).run().success();
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.story()))
}

/// The verdicts of the latest attempts at `target`, one for each node.
fn verdicts(status: &Value, target: &str) -> Vec<String> {
    let probes = status.as_array().expect("a list of probes");
    let checks =
        probes.iter().flat_map(|probe| probe["results"]["checks"].as_array().expect("checks"));
    let latest = checks.filter(|check| check["check"]["target"] == target);
    latest.map(|check| check["latest"]["verdict"].as_str().unwrap_or("none").to_owned()).collect()
}

#[track_caller]
fn all_become(ns: &Namespace, target: &str, verdict: &str) {
    wait_until(&format!("{target} to be {verdict}"), Duration::from_secs(20), || {
        let verdicts = verdicts(&status(ns), target);
        !verdicts.is_empty() && verdicts.iter().all(|got| got == verdict)
    });
}

#[test]
fn install_change_status_and_uninstall() {
    let ns = Cluster::nodes().namespace("monitor");
    let label = "pod-security.kubernetes.io/enforce=restricted";
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    ns.cluster.kubectl(["label", "namespace", &ns.name, label]).run().success();

    let install = ["monitor", "install", "--every", "1s"];
    let run = ns.pods(install).args(["svc/web", "svc/deserted"]).run().success();
    assert_eq!(run.stderr, "", "{}", run.story());
    all_become(&ns, "svc/web", "open");
    all_become(&ns, "svc/deserted", "rejected");
    let table = ns.pods(["monitor", "status"]).run().success();
    let line = table.stdout.lines().find(|line| line.contains("svc/web")).expect("a line");
    assert!(line.contains("open") && line.contains("100%"), "{}", table.story());

    // Again with other targets: replaced at once, not added.
    let run = ns.pods(install).args(["httpd-ser", "nginx-ser:81"]).run().success();
    run.complains("pods are watched at their address of this moment");
    all_become(&ns, "httpd-ser", "open");
    all_become(&ns, "nginx-ser:81", "refused");
    assert_eq!(verdicts(&status(&ns), "svc/web"), [""; 0]);

    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "", "the very moment uninstall returned");
    let absent =
        "Error from server (NotFound): daemonsets.apps \"kubectl-pods-monitor\" not found\n";
    for verb in ["uninstall", "status"] {
        assert_eq!(ns.pods(["monitor", verb]).run().exits(1).stderr, absent);
    }
    ns.pods(["monitor", "uninstall", "--ignore-not-found"]).run().success();
}

#[test]
fn an_interrupted_install_leaves_nothing_new_and_removes_nothing_old() {
    let ns = Cluster::nodes().namespace("monitor-signal");
    let interrupt = |words: [&str; 5], after: Duration| {
        let command = ns.pods(words);
        let child = command.spawn();
        std::thread::sleep(after);
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        // It may have finished already: then there is nobody to signal.
        let _ = kill(pid, Signal::SIGINT);
        child.wait_with_output().expect("it ends").status
    };
    let mut stopped = 0;
    for step in 1..=8_u32 {
        let install = ["monitor", "install", "10.96.0.1:443", "--every", "1s"];
        let status = interrupt(install, Duration::from_millis(70) * step);
        if status.success() {
            // It was quicker than the signal.
            ns.pods(["monitor", "uninstall"]).run().success();
        } else {
            // Before it listens for signals it has made nothing, and dies of them like any program.
            let died = status.signal() == Some(Signal::SIGINT as i32);
            assert!(died || status.code() == Some(130), "step {step}: {status}");
            stopped += u32::from(!died);
        }
        assert_eq!(ns.leftovers(), "", "step {step}");
    }
    assert!(stopped >= 3, "only {stopped} runs were stopped by their own hand");
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    // Later and later, and each time another change, until one is stopped by its own hand.
    let stopped = (1..=20_u32).any(|step| {
        let target = format!("10.96.0.1:{}", 443 + step);
        let change = ["monitor", "install", &target, "--every", "1s"];
        let status = interrupt(change, Duration::from_millis(150) * step);
        assert!(ns.leftovers().contains("daemonset"), "what was there before stays: step {step}");
        status.code() == Some(130)
    });
    assert!(stopped, "no change was stopped by its own hand");
    ns.pods(["monitor", "uninstall"]).run().success();
}

#[test]
fn deleting_the_anchor_removes_everything() {
    let ns = Cluster::nodes().namespace("monitor-anchor");
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    ns.kubectl(["delete", "configmap", "kubectl-pods-monitor"]).run().success();
    ns.wait_clean(Duration::from_mins(1));
}

#[test]
fn what_cannot_be_installed_says_why() {
    let ns = Cluster::nodes().namespace("monitor-trouble");
    let install = |words: &[&str]| -> Run {
        ns.pods(["monitor", "install"]).args(words.iter().copied()).run().exits(1)
    };
    install(&["svc/nobody"]).complains("services \"nobody\" not found");
    install(&["deploy/web"]).complains("give a Service in front of them");
    install(&["10.0.0.7"]).complains("names no port");
    install(&["10.0.0.7:80", "10.0.0.7:80", "--every", "1ms"]).complains("every_seconds is 0.001");
    assert_eq!(ns.leftovers(), "", "nothing is installed that cannot work");
    let run = install(&["10.0.0.7:80", "--probe-image", "localhost:1/missing:1"]);
    let run = run.complains("ErrImagePull").complains("removed again");
    assert!(run.took < Duration::from_secs(20), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
    ns.kubectl(["create", "configmap", "kubectl-pods-monitor"]).run().success();
    install(&["10.0.0.7:80"]).complains("was not made by kubectl pods");
    ns.pods(["monitor", "uninstall"]).run().exits(1).complains("NotFound");
    ns.kubectl(["get", "configmap", "kubectl-pods-monitor"]).run().success();
}

/// A ServiceAccount with the documented rights; gives its user name.
fn keeper(ns: &Namespace) -> String {
    ns.apply(RIGHTS);
    ns.kubectl(["create", "serviceaccount", "keeper"]).run().success();
    let account = format!("--serviceaccount={}:keeper", ns.name);
    let role = "--role=kubectl-pods-monitor";
    ns.kubectl(["create", "rolebinding", "keeper", role, &account]).run().success();
    format!("system:serviceaccount:{}:keeper", ns.name)
}

#[test]
fn the_documented_role_is_enough() {
    let ns = Cluster::nodes().namespace("monitor-rights");
    ns.apply(include_str!("../fixtures/services.yaml"));
    let user = keeper(&ns);
    for words in [&["install", "svc/deserted"][..], &["status"], &["uninstall"]] {
        let command = ns.pods(["monitor"]).args(words.iter().copied());
        command.args(["--as", &user]).run().success();
    }
    assert_eq!(ns.leftovers(), "");
}

/// Grants the documented rights less one rule.
fn without_rule(ns: &Namespace, rule: usize) {
    ns.apply(RIGHTS);
    let patch = format!("[{{\"op\": \"remove\", \"path\": \"/rules/{rule}\"}}]");
    let patch = ["patch", "role", "kubectl-pods-monitor", "--type=json", "-p", &patch];
    ns.kubectl(patch).run().success();
}

#[test]
fn each_missing_right_is_named() {
    let ns = Cluster::nodes().namespace("monitor-missing");
    ns.apply(include_str!("../fixtures/services.yaml"));
    let user = keeper(&ns);
    ns.pods(["monitor", "install", "svc/deserted"]).run().success();
    let install = &["install", "svc/deserted"][..];
    let cases: [(usize, &[&str], &str); 7] = [
        (0, install, "cannot get resource \"configmaps\""),
        (0, &["uninstall"], "cannot get resource \"configmaps\""),
        (1, install, "cannot get resource \"daemonsets\""),
        (1, &["status"], "cannot get resource \"daemonsets\""),
        (1, &["uninstall"], "cannot get resource \"daemonsets\""),
        (2, &["status"], "cannot list resource \"pods\""),
        (3, install, "cannot get resource \"services\""),
    ];
    for (rule, words, complaint) in cases {
        without_rule(&ns, rule);
        let command = ns.pods(["monitor"]).args(words.iter().copied()).args(["--as", &user]);
        let run = command.run().exits(1).complains("(Forbidden)").complains(complaint);
        assert!(run.took < Duration::from_secs(10), "{}", run.story());
        assert!(ns.leftovers().contains("daemonset"), "what was there before stays");
    }
    // Every probe is asked by itself, and what came of that is in the table.
    without_rule(&ns, 4);
    let run = ns.pods(["monitor", "status", "--as", &user]).run().exits(3);
    let complaint = "cannot get resource \"pods/proxy\"";
    assert!(
        run.stdout.contains("(Forbidden)") && run.stdout.contains(complaint),
        "{}",
        run.story()
    );
    // The last one is only for what it says.
    without_rule(&ns, 5);
    for words in [install, &["status"], &["uninstall"]] {
        let command = ns.pods(["monitor"]).args(words.iter().copied());
        command.args(["--as", &user]).run().success();
    }
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_refused_daemonset_leaves_no_plan_behind() {
    let ns = Cluster::nodes().namespace("monitor-refused");
    let install = ["monitor", "install", "10.96.0.1:443"];
    ns.limit("none", "count/daemonsets.apps=0");
    let refused =
        "Error from server (Forbidden): daemonsets.apps \"kubectl-pods-monitor\" is forbidden: ";
    let run = ns.pods(install).run().exits(1).complains(refused).complains("exceeded quota: none");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");

    let user = keeper(&ns);
    let patch = r#"[{"op": "replace", "path": "/rules/1/verbs", "value": ["get"]}]"#;
    let patch = ["patch", "role", "kubectl-pods-monitor", "--type=json", "-p", patch];
    ns.kubectl(patch).run().success();
    let run = ns.pods(install).args(["--as", &user]).run().exits(1);
    let run = run.complains(refused).complains("cannot patch resource \"daemonsets\"");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn uninstall_says_what_it_removed() {
    let ns = Cluster::nodes().namespace("monitor-alone");
    let uninstall = || ns.pods(["monitor", "uninstall"]).run().success();
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    uninstall().prints("daemonset.apps/kubectl-pods-monitor uninstalled\n");
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    ns.kubectl(["delete", "daemonset", "kubectl-pods-monitor"]).run().success();
    uninstall().prints("configmap/kubectl-pods-monitor uninstalled\n");
    assert_eq!(ns.leftovers(), "");
}

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

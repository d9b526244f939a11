//! The standing probe.

mod endpoints;
mod headless;
mod interrupt;
mod partly;
mod prometheus;
mod rights;
mod status;
mod trouble;

use std::time::Duration;

use serde_json::Value;

use harness::{Cluster, Namespace, start_article_servers, wait_until};

fn status(ns: &Namespace) -> Value {
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
    ns.apply(include_str!("../../fixtures/services.yaml"));
    ns.cluster.kubectl(["label", "namespace", &ns.name, label]).run().success();

    let install = ["monitor", "install", "--every", "1s"];
    let run = ns.pods(install).args(["svc/web", "svc/deserted"]).run().success();
    assert_eq!(run.stderr, "", "{}", run.story());
    all_become(&ns, "svc/web", "open");
    all_become(&ns, "svc/deserted", "rejected");
    let table = ns.pods(["monitor", "status"]).run().success();
    let line = table.stdout.lines().find(|line| line.contains("svc/web")).expect("a line");
    assert!(line.contains("open") && line.contains("100%"), "{}", table.story());
    // Why it fails is asked of the cluster when somebody looks.
    let cause = format!(" selects app=nobody, which no pod of namespace {} has", ns.name);
    assert_eq!(table.stdout.matches(&cause).count(), 2, "one for each node\n{}", table.story());
    for probe in status(&ns).as_array().expect("probes") {
        let causes = probe["causes"].as_object().expect("causes");
        assert_eq!(causes["svc/deserted"][0]["kind"], "selector-matches-nothing", "{probe}");
        assert_eq!(causes.len(), 1, "nothing is said of what is well: {probe}");
    }

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
fn deleting_the_anchor_removes_everything() {
    let ns = Cluster::nodes().namespace("monitor-anchor");
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    ns.kubectl(["delete", "configmap", "kubectl-pods-monitor"]).run().success();
    ns.wait_clean(Duration::from_mins(1));
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

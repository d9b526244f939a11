//! What cannot be installed.

use std::time::Duration;

use super::super::SOON;
use harness::{Cluster, Run};

#[test]
fn what_cannot_be_installed_says_why() {
    let ns = Cluster::nodes().namespace("monitor-trouble");
    let install = |words: &[&str]| -> Run {
        ns.pods(["monitor", "install"]).args(words.iter().copied()).run().exits(1)
    };
    install(&["svc/nobody"]).complains("services \"nobody\" not found");
    install(&["deploy/web"]).complains("give a Service in front of them");
    install(&["10.0.0.7"]).complains("names no port");
    install(&["10.0.0.7:80", "--every", "1ms"]).complains("an interval is at least 100ms");
    install(&["10.0.0.7:80", "10.0.0.7:80"]).complains("two http checks are called");
    let too_many = ["10.0.0.7:80", "--every", "100ms", "--timeout", "1h"];
    install(&too_many).complains("36000 attempts could be under way at once");
    assert_eq!(ns.leftovers(), "", "nothing is installed that cannot work");
    let run = install(&["10.0.0.7:80", "--probe-image", "localhost:1/missing:1"]);
    let run = run.complains("ErrImagePull").complains("removed again");
    assert!(run.took < Duration::from_secs(20), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
    let run = install(&["10.0.0.7:80", "--node-selector", "kubectl-pods.test/nowhere=yes"]);
    let run = run.complains("removed again: no node fits").complains("--node-selector");
    assert!(run.took < SOON, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
    ns.kubectl(["create", "configmap", "kubectl-pods-monitor"]).run().success();
    install(&["10.0.0.7:80"]).complains("was not made by kubectl pods");
    ns.pods(["monitor", "uninstall"]).run().exits(1).complains("NotFound");
    ns.kubectl(["get", "configmap", "kubectl-pods-monitor"]).run().success();
}

#[test]
fn a_probe_that_the_namespace_has_no_room_for() {
    let ns = Cluster::nodes().namespace("monitor-quota");
    ns.limit("pods", "count/pods=0");
    let run = ns.pods(["monitor", "install", "10.96.0.1:443"]).run().exits(1);
    let run = run.complains("exceeded quota: pods").complains("removed again");
    assert!(run.took < Duration::from_secs(20), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

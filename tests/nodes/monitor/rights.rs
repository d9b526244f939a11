//! What the documented role allows, and what is said without one of its rules.

use std::time::Duration;

use super::super::{SOON, carrier::CARRIER};
use harness::{Cluster, Namespace, wait_until};
use serde_json::{Value, json};

/// The role that the documentation asks for.
const RIGHTS: &str = include_str!("../../../deploy/rights-monitor.yaml");

/// That of those who only look.
const STATUS_RIGHTS: &str = include_str!("../../../deploy/rights-monitor-status.yaml");

/// A ServiceAccount with the documented rights, after this change; gives its user name.
fn keeper(ns: &Namespace, change: impl FnOnce(&mut Vec<Value>)) -> String {
    ns.grant("keeper", RIGHTS, change)
}

/// A ServiceAccount with the documented rights less one rule; gives its user name.
fn without_rule(ns: &Namespace, rule: usize) -> String {
    keeper(ns, |rules| drop(rules.remove(rule)))
}

#[test]
fn the_documented_role_is_enough() {
    let ns = Cluster::nodes().namespace("monitor-rights");
    ns.apply(include_str!("../../fixtures/services.yaml"));
    let user = keeper(&ns, |_| ());
    let reader = ns.grant("reader", STATUS_RIGHTS, |_| ());
    let run = |words: &[&str], user: &str| {
        let command = ns.pods(["monitor"]).args(words.iter().copied());
        command.args(["--as", user]).run()
    };
    let install = ["install", "svc/deserted"];
    run(&install, &user).success();
    run(&["status"], &user).success();
    // Causes need more than verdicts, and nothing else does.
    let bare = ns.grant("bare", STATUS_RIGHTS, |rules| rules.truncate(3));
    let cause = "svc/deserted selects app=nobody";
    wait_until(cause, Duration::from_secs(30), || {
        run(&["status"], &reader).success().stdout.contains(cause)
    });
    let status = run(&["status"], &bare).success();
    assert!(status.stdout.contains(" rejected "), "{}", status.story());
    assert!(!status.stdout.contains(cause), "{}", status.story());
    for words in [&install[..], &["uninstall"]] {
        run(words, &reader).exits(1).complains("(Forbidden)");
    }
    // With a carrier it is as many ConfigMaps more.
    let carried = [&install[..], &CARRIER].concat();
    run(&carried, &user).success();
    run(&["uninstall"], &user).success();
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn each_missing_right_is_named() {
    let ns = Cluster::nodes().namespace("monitor-missing");
    ns.apply(include_str!("../../fixtures/services.yaml"));
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
        let user = without_rule(&ns, rule);
        let command = ns.pods(["monitor"]).args(words.iter().copied()).args(["--as", &user]);
        let run = command.run().exits(1).complains("(Forbidden)").complains(complaint);
        assert!(run.took < SOON, "{}", run.story());
        assert!(ns.leftovers().contains("daemonset"), "what was there before stays");
    }
    // Every probe is asked by itself, and what came of that is in the table.
    let user = without_rule(&ns, 4);
    let run = ns.pods(["monitor", "status", "--as", &user]).run().exits(3);
    let complaint = "cannot get resource \"pods/proxy\"";
    assert!(
        run.stdout.contains("(Forbidden)") && run.stdout.contains(complaint),
        "{}",
        run.story()
    );
    // The last one is only for what it says.
    let user = without_rule(&ns, 5);
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

    let user = keeper(&ns, |rules| rules[1]["verbs"] = json!(["get"]));
    let run = ns.pods(install).args(["--as", &user]).run().exits(1);
    let run = run.complains(refused).complains("cannot patch resource \"daemonsets\"");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

//! Probes that find no node, or find one late; and what autoscalers say meanwhile.

use std::{thread, time::Duration};

use harness::{Cluster, Namespace, Run, SharedServers, side_by_side, wait_until};

const OURS: &str = "app.kubernetes.io/managed-by=kubectl-pods";

/// A label that no node has, and no other test uses.
fn selector(ns: &Namespace) -> String {
    format!("kubectl-pods.test/{}=yes", ns.name)
}

/// Waits until the probe's pod was found to have no node, and gives its name.
fn unschedulable_pod(ns: &Namespace) -> String {
    let field = |path: &str| {
        let path = format!("jsonpath={{.items[*].{path}}}");
        ns.kubectl(["get", "pods", "-l", OURS, "-o", &path]).run().success().stdout
    };
    wait_until("a pod without a node", Duration::from_secs(20), || {
        field("status.conditions[*].reason").contains("Unschedulable")
    });
    field("metadata.name")
}

#[test]
fn no_node_is_told_at_once_and_final_at_the_limit() {
    let ns = Cluster::nodes().namespace("no-node-yet");
    let limit = Duration::from_secs(6);
    for verb in ["check", "curl"] {
        let selector = selector(&ns);
        let command = ns.pods([verb, "10.96.0.1:443", "--start-timeout", "6s"]);
        let run = command.args(["--node-selector", &selector]).run().exits(3);
        let told = "waiting at most 6 s for the probe's pod to start: Unschedulable: 0/";
        let run = run.complains(told).complains("--node-selector chooses others");
        assert_eq!(run.complaints().len(), 1, "{}", run.story());
        assert!(run.took >= limit, "{}", run.story());
        assert_eq!(ns.leftovers(), "");
    }
}

/// As an autoscaler says it: no other tells a pod so.
fn scaling_event(pod: &str, ns: &str, reason: &str, message: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Event, metadata: {{generateName: scaling-}}, type: Normal, reason: {reason}, \
          message: '{message}', involvedObject: {{apiVersion: v1, kind: Pod, name: {pod}, namespace: {ns}}}}}"
    )
}

#[test]
fn a_node_that_comes_in_between_is_used() {
    let ns = Cluster::nodes().namespace("late-node");
    let (servers, selector) = (SharedServers::get(), selector(&ns));
    let node = ns.cluster.node_names().remove(0);
    let command = ns.pods(["check", &servers.nginx, "--node-selector", &selector, "-o", "json"]);
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| command.run());
        let pod = unschedulable_pod(&ns);
        let event =
            scaling_event(&pod, &ns.name, "TriggeredScaleUp", "pod triggered scale-up: one");
        ns.kubectl(["create", "-f", "-"]).stdin(&event).run().success();
        thread::sleep(Duration::from_secs(4));
        ns.cluster.kubectl(["label", "node", &node, &selector]).run().success();
        run.join().expect("it runs")
    });
    let key = selector.trim_end_matches("=yes");
    ns.cluster.kubectl(["label", "node", &node, &format!("{key}-")]).run().success();
    let run: Run = run.success().complains("TriggeredScaleUp: pod triggered scale-up: one");
    assert!(run.stdout.contains(&format!("\"node\": \"{node}\"")), "{}", run.story());
    assert!(run.stderr.matches("Unschedulable").count() <= 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn what_an_autoscaler_says_is_told_and_no_end() {
    let told = [
        ("Nominated", "Pod should schedule on: nodeclaim/default-x7d2p"),
        ("NotTriggerScaleUp", "pod did not trigger scale-up: 1 max node group size reached"),
    ];
    side_by_side(
        told,
        || Cluster::nodes().namespace("scaler"),
        |ns, (reason, message)| {
            let selector = selector(ns);
            let command = ns.pods(["check", "10.96.0.1:443", "--start-timeout", "8s"]);
            let command = command.args(["--node-selector", &selector]);
            let run = thread::scope(|scope| {
                let run = scope.spawn(|| command.run());
                let event = scaling_event(&unschedulable_pod(ns), &ns.name, reason, message);
                ns.kubectl(["create", "-f", "-"]).stdin(&event).run().success();
                run.join().expect("it runs")
            });
            let run = run.exits(3).complains(&format!("{reason}: {message}"));
            assert!(run.took >= Duration::from_secs(8), "{}", run.story());
            assert_eq!(ns.leftovers(), "");
        },
    );
}

#[test]
fn flags_of_placement_lead_to_the_node_that_they_name() {
    let ns = Cluster::nodes().namespace("placed");
    let servers = SharedServers::get();
    let node = ns.cluster.node_names().remove(0);
    let here = format!("kubernetes.io/hostname={node}");
    let flags = ["--node-selector", &here, "--tolerations", "*", "--requests", "cpu=1m,memory=8Mi"];
    let run = ns.pods(["check", &servers.nginx, "-o", "json"]).args(flags).run().success();
    assert!(run.stdout.contains(&format!("\"node\": \"{node}\"")), "{}", run.story());
    let run = ns.pods(["monitor", "install", &servers.nginx]).args(flags).run().success();
    assert!(run.stdout.contains("installed: 1 probes"), "{}", run.story());
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

//! Pods that a real cluster cannot start: no node takes them, or their sandbox or a volume fails, which only events say.

use std::{thread, time::Duration};

use super::SOON;
use harness::{Cluster, Namespace, wait_until};

/// The time that a probe, and those of a monitor, have to start when nobody says more.
const USUAL: [&str; 2] = ["60s", "2m"];

/// Has admission apply `spec` to every new pod of the namespace: our own manifests ask for nothing that a node could
/// lack. Waits until new pods have what `path` and `value` say.
pub(super) fn every_pod_gets(ns: &Namespace, spec: &str, path: &str, value: &str) {
    let uid = ["get", "namespace", &ns.name, "-o", "jsonpath={.metadata.uid}"];
    let uid = ns.cluster.kubectl(uid).run().success().stdout;
    let policy = include_str!("../fixtures/every-pod-gets.yaml");
    ns.apply(&policy.replace("$NAME", &ns.name).replace("$UID", &uid).replace("$SPEC", spec));
    // An API server learns of a policy a moment later.
    let pod = ["run", "new", "--image=none", "--restart=Never", "--dry-run=server", "-o", path];
    wait_until("the policy", Duration::from_secs(30), || {
        ns.kubectl(pod).run().success().stdout == value
    });
}

/// Asserts that each verb gives up with this reason, soon, and leaves nothing.
#[track_caller]
fn no_verb_gets_a_pod(ns: &Namespace, reason: &str, [start, rollout]: [&str; 2]) {
    let verbs: [(&[&str], i32); 3] = [
        (&["check", "10.96.0.1:443", "--start-timeout", start], 3),
        (&["curl", "10.96.0.1:443", "--start-timeout", start], 3),
        (&["monitor", "install", "10.96.0.1:443", "--rollout-timeout", rollout], 1),
    ];
    // Side by side, because each of them waits.
    let runs = thread::scope(|scope| {
        let run = |(words, code): (&[&str], i32)| {
            let command = ns.pods(words.iter().copied());
            (scope.spawn(|| command.run()), code)
        };
        verbs.map(run).map(|(run, code)| (run.join().expect("it runs"), code))
    });
    for (run, code) in runs {
        let run = run.exits(code);
        // Not only what it said while it waited.
        let last = run.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: ") && last.contains(reason), "{}", run.story());
        assert!(run.took < SOON, "{}", run.story());
    }
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_sandbox_that_cannot_be_made() {
    let ns = Cluster::nodes().namespace("no-sandbox");
    let spec = format!("Object.spec{{runtimeClassName: \"{}\"}}", ns.name);
    every_pod_gets(&ns, &spec, "jsonpath={.spec.runtimeClassName}", &ns.name);
    no_verb_gets_a_pod(&ns, "FailedCreatePodSandBox: ", USUAL);
}

#[test]
fn a_volume_that_cannot_be_mounted() {
    let ns = Cluster::nodes().namespace("no-volume");
    let spec = "Object.spec{
          volumes: [Object.spec.volumes{
            name: \"absent\", configMap: Object.spec.volumes.configMap{name: \"absent\"}}],
          containers: [Object.spec.containers{
            name: object.spec.containers[0].name,
            volumeMounts: [Object.spec.containers.volumeMounts{name: \"absent\", mountPath: \"/absent\"}]}]}";
    every_pod_gets(&ns, spec, "jsonpath={.spec.volumes[*].configMap.name}", "absent");
    no_verb_gets_a_pod(&ns, "FailedMount: ", USUAL);
}

#[test]
fn a_pod_that_fits_on_no_node() {
    let ns = Cluster::nodes().namespace("no-node");
    let spec = "Object.spec{
          containers: [Object.spec.containers{
            name: object.spec.containers[0].name,
            resources: Object.spec.containers.resources{requests: {\"cpu\": \"5k\"}}}]}";
    every_pod_gets(&ns, spec, "jsonpath={.spec.containers[0].resources.requests.cpu}", "5k");
    // Until then a node might come.
    no_verb_gets_a_pod(&ns, "Unschedulable: 0/", ["5s", "8s"]);
}

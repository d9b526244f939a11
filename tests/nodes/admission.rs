//! What clusters want of a pod before they take it: UIDs of a range, a label, amounts. A refusal names the flag that helps.

use std::time::Duration;

use super::{SOON, obstacle::every_pod_gets};
use harness::{Cluster, Namespace, Run, SharedServers, wait_until};

/// Applies a policy that refuses pods, and waits until it does: it refuses a pod that is made with `flags`.
fn refuse(ns: &Namespace, policy: &str, flags: &[&str]) {
    let uid = ["get", "namespace", &ns.name, "-o", "jsonpath={.metadata.uid}"];
    let uid = ns.cluster.kubectl(uid).run().success().stdout;
    ns.apply(&policy.replace("$NAME", &ns.name).replace("$UID", &uid));
    let pod = ["run", "new", "--image=none", "--restart=Never", "--dry-run=server"];
    wait_until("the policy", Duration::from_secs(30), || {
        let run = ns.kubectl(pod).args(flags.iter().copied()).run();
        run.code != 0 && run.stderr.contains("denied request")
    });
}

/// Every verb that puts a probe into the cluster does its work here, and what it made is gone.
#[track_caller]
fn every_verb_works(ns: &Namespace, flags: &[&str]) -> [Run; 2] {
    let nginx = &SharedServers::get().nginx;
    let run = |words: &[&str]| ns.pods(words.iter().copied()).args(flags.iter().copied()).run();
    let check = run(&["check", nginx]).success();
    let curl = run(&["curl", nginx]).success();
    assert!(curl.stdout.contains("Welcome to nginx!"), "{}", curl.story());
    run(&["monitor", "install", nginx]).success();
    let label = ["get", "pods", "-l", "app.kubernetes.io/component=monitor", "-o", "json"];
    let monitor = ns.kubectl(label).run().success();
    ns.pods(["monitor", "status"]).run().success();
    ns.pods(["monitor", "uninstall"]).run().success();
    ns.wait_clean(Duration::from_secs(10));
    [check, monitor]
}

const UIDS: &str = include_str!("../fixtures/uid-range.yaml");
const OUTSIDE: [&str; 2] =
    ["--overrides", r#"{"apiVersion": "v1", "spec": {"securityContext": {"runAsUser": 65532}}}"#];

#[test]
fn a_policy_that_refuses_uids_outside_a_range() {
    let ns = Cluster::nodes().namespace("uid-refused");
    refuse(&ns, UIDS, &OUTSIDE);
    let [_, monitor] = every_verb_works(&ns, &[]);
    assert!(!monitor.stdout.contains("\"runAsUser\""), "{}", monitor.story());
    // An image that is not ours may say root, so that its pods are given a user.
    let carrier = ["--carrier", "docker.io/library/nginx:latest"];
    let within = r#"{"spec": {"securityContext": {"runAsUser": 1000650001}}}"#;
    let after = [&carrier[..], &["--overrides", within]].concat();
    refused_until(&ns, &carrier, "runAsUser is not within", "--overrides", &after);
    // Where the namespace says itself which users it takes, nobody has to.
    let range = "openshift.io/sa.scc.uid-range=1000650000/10000";
    ns.cluster.kubectl(["annotate", "namespace", &ns.name, range]).run().success();
    let [_, monitor] = every_verb_works(&ns, &carrier);
    assert!(monitor.stdout.contains("\"runAsUser\": 1000650000"), "{}", monitor.story());
}

#[test]
fn a_policy_that_sets_a_uid() {
    let ns = Cluster::nodes().namespace("uid-set");
    let spec = "Object.spec{
          containers: object.spec.containers.map(c, Object.spec.containers{
            name: c.name,
            securityContext: Object.spec.containers.securityContext{runAsUser: 1000650000}})}";
    let path = "jsonpath={.spec.containers[0].securityContext.runAsUser}";
    // As kubectl prints it.
    every_pod_gets(&ns, spec, path, "1.00065e+09");
    refuse(&ns, UIDS, &OUTSIDE);
    let [_, monitor] = every_verb_works(&ns, &[]);
    assert!(monitor.stdout.contains("\"runAsUser\": 1000650000"), "{}", monitor.story());
}

/// The probe is refused in these words with the name of the flag, and runs with these flags.
#[track_caller]
fn refused_until(ns: &Namespace, before: &[&str], words: &str, flag: &str, after: &[&str]) {
    let nginx = &SharedServers::get().nginx;
    let check = |flags: &[&str]| ns.pods(["check", nginx]).args(flags.iter().copied()).run();
    let run = check(before);
    assert!(matches!(run.code, 1 | 3), "{}", run.story());
    let last = run.stderr.lines().last().unwrap_or_default();
    assert!(last.contains(words) && last.contains(flag), "{}", run.story());
    assert!(run.took < SOON, "{}", run.story());
    check(after).success();
    ns.wait_clean(Duration::from_secs(10));
}

#[test]
fn a_label_that_a_policy_wants() {
    let ns = Cluster::nodes().namespace("team");
    refuse(&ns, include_str!("../fixtures/team-label.yaml"), &[]);
    let with = ["--labels", "team=a", "--annotations", "note=a,b"];
    refused_until(&ns, &[], "every pod says whose it is", "--labels", &with);
    let run = ns.pods(["monitor", "install", "10.96.0.1:443"]).run().exits(1);
    run.complains("every pod says whose it is").complains("--labels").complains("removed again");
    every_verb_works(&ns, &with);
}

#[test]
fn amounts_that_a_namespace_wants() {
    let ns = Cluster::nodes().namespace("amounts");
    ns.limit("cpu", "limits.cpu=1");
    let with = ["--limits", "cpu=200m"];
    refused_until(&ns, &[], "failed quota: cpu: must specify limits.cpu", "--limits", &with);
    refused_until(&ns, &["--limits", "cpu=2"], "exceeded quota: cpu", "--limits", &with);
    let ns = Cluster::nodes().namespace("range");
    ns.apply(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: small}, \
          spec: {limits: [{type: Container, max: {memory: 64Mi}}]}}",
    );
    let words = "maximum memory usage per Container is 64Mi";
    refused_until(&ns, &[], words, "--limits", &["--limits", "memory=64Mi"]);
    let beyond = ["--requests", "memory=256Mi"];
    let words = "must be less than or equal to memory limit";
    refused_until(&ns, &beyond, words, "--limits", &["--limits", "memory=64Mi"]);
}

#[test]
fn names_that_must_exist() {
    let ns = Cluster::nodes().namespace("names");
    ns.kubectl(["create", "serviceaccount", "somebody"]).run().success();
    let flag = "--service-account";
    refused_until(
        &ns,
        &[flag, "nobody"],
        "serviceaccount \"nobody\" not found",
        flag,
        &[flag, "somebody"],
    );
    let flag = "--priority-class";
    let exists = "system-node-critical";
    refused_until(
        &ns,
        &[flag, "nosuch"],
        "no PriorityClass with name nosuch",
        flag,
        &[flag, exists],
    );
}

#[test]
fn the_network_of_a_node() {
    let ns = Cluster::nodes().namespace("host-network");
    let nginx = &SharedServers::get().nginx;
    let run = ns.pods(["check", nginx, "--host-network", "-o", "json"]).run().success();
    assert_eq!(ns.leftovers(), "", "{}", run.story());
    let label = "pod-security.kubernetes.io/enforce=restricted";
    ns.cluster.kubectl(["label", "namespace", &ns.name, label]).run().success();
    refused_until(&ns, &["--host-network"], "violates PodSecurity", "--probe-namespace", &[]);
}

#[test]
fn another_namespace_for_the_probe() {
    let (ns, other) = (Cluster::nodes().namespace("closed"), Cluster::nodes().namespace("open"));
    let nginx = &SharedServers::get().nginx;
    ns.limit("none", "count/jobs.batch=0");
    let run = ns.pods(["check", nginx]).run().exits(1);
    run.complains("exceeded quota: none").complains("--probe-namespace");
    let elsewhere = ["--probe-namespace", &other.name, "-o", "json"];
    let run = ns.pods(["check", nginx]).args(elsewhere).run().success();
    assert!(run.stdout.contains(&format!("\"namespace\": \"{}\"", other.name)), "{}", run.story());
    assert_eq!(other.leftovers(), "");
}

#[test]
fn what_nobody_has_a_flag_for() {
    let ns = Cluster::nodes().namespace("overrides");
    let strategic = r#"{"spec": {"hostname": "mine", "containers": [{"name": "probe", "tty": false,
        "env": [{"name": "ANYTHING", "value": "1"}]}]}}"#;
    let flags = ["--overrides", strategic, "--override-type", "strategic"];
    let [_, monitor] = every_verb_works(&ns, &flags);
    assert!(monitor.stdout.contains("\"hostname\": \"mine\""), "{}", monitor.story());
    let run = ns.pods(["check", "10.0.0.7:80", "--overrides", "{\"spec\": {\"containers\": []}}"]);
    run.run().exits(1).complains("--overrides leaves no container called probe");
    assert_eq!(ns.leftovers(), "");
}

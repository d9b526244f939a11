//! Pods into which admission puts containers beside the probe or before it, as a service mesh does.

use std::time::Duration;

use super::{SOON, obstacle::every_pod_gets};
use harness::{Cluster, Namespace, Run, SharedServers, wait_until};

/// Has admission put a container beside every new one of the namespace: nginx, as root, as its image says, with these words
/// of a shell and what else a value in CEL may say. Waits until new pods have it.
fn inject(ns: &Namespace, script: &str, more: &str) {
    inject_as(ns, &BESIDE, script, more);
}

/// Where a container goes, as `injected.yaml` has it, and what is then seen of the names of a pod's containers.
struct Place {
    words: [(&'static str, &'static str); 3],
    names: &'static str,
    seen: &'static str,
}

const BESIDE: Place = Place {
    words: [("$PLACE", "/spec/containers/-"), ("$OPEN", ""), ("$CLOSE", "")],
    names: "jsonpath={.spec.containers[*].name}",
    seen: "new mesh",
};

/// Before the probe, and as long as it: a native sidecar (KEP-753).
const NATIVE: Place = Place {
    words: [("$PLACE", "/spec/initContainers"), ("$OPEN", "["), ("$CLOSE", "]")],
    names: "jsonpath={.spec.initContainers[*].name}",
    seen: "mesh",
};

/// What makes an init container a sidecar.
const ALWAYS: &str = ", \"restartPolicy\": dyn(\"Always\")";

fn inject_as(ns: &Namespace, place: &Place, script: &str, more: &str) {
    let uid = ["get", "namespace", &ns.name, "-o", "jsonpath={.metadata.uid}"];
    let uid = ns.cluster.kubectl(uid).run().success().stdout;
    let policy = include_str!("../fixtures/injected.yaml");
    let policy = policy.replace("$NAME", &ns.name).replace("$UID", &uid);
    let policy = policy.replace("$SCRIPT", script).replace("$MORE", more);
    ns.apply(&place.words.iter().fold(policy, |policy, (word, with)| policy.replace(word, with)));
    let pod =
        ["run", "new", "--image=none", "--restart=Never", "--dry-run=server", "-o", place.names];
    wait_until("the policy", Duration::from_secs(30), || {
        ns.kubectl(pod).run().success().stdout == place.seen
    });
}

/// Has a server beside every probe that refuses for some seconds, and is ready when it accepts.
fn inject_server(ns: &Namespace, seconds: u32) {
    inject(
        ns,
        &format!("sleep {seconds}; exec nginx"),
        &format!(", \"readinessProbe\": {ACCEPTS}"),
    );
}

/// When a server is up.
const ACCEPTS: &str = "dyn({\"periodSeconds\": dyn(1), \"failureThreshold\": dyn(30), \"tcpSocket\": dyn({\"port\": 80})})";

#[track_caller]
fn check(ns: &Namespace, words: &[&str], code: i32) -> Run {
    let run = ns.pods(["check"]).args(words.iter().copied()).run().exits(code);
    assert_eq!(ns.leftovers(), "", "a sidecar that never ends keeps nothing\n{}", run.story());
    run
}

#[test]
fn a_sidecar_that_never_ends() {
    let ns = Cluster::nodes().namespace("sidecar");
    inject(&ns, "sleep 3600", "");
    every_verb_works(&ns);
}

#[test]
fn a_native_sidecar() {
    let ns = Cluster::nodes().namespace("sidecar-native");
    inject_as(&ns, &NATIVE, "sleep 3600", ALWAYS);
    every_verb_works(&ns);
}

#[track_caller]
fn every_verb_works(ns: &Namespace) {
    let servers = SharedServers::get();
    let target = &servers.nginx;
    check(ns, &[target], 0).quiet();
    let run = ns.pods(["curl", target]).run().success();
    assert!(run.stdout.contains("Welcome to nginx!"), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
    ns.pods(["monitor", "install", target]).run().success();
    ns.pods(["monitor", "status"]).run().success();
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_sidecar_that_is_asked_to_stay_away() {
    let ns = Cluster::nodes().namespace("sidecar-away");
    // One that is never ready: with it, a failure would say nothing.
    inject_server(&ns, 3600);
    let run = check(&ns, &["127.0.0.1:1", "--no-sidecar"], 2);
    assert!(run.stdout.contains("refused") && !run.stderr.contains("mesh"), "{}", run.story());
    let run = ns.pods(["curl", "127.0.0.1:1", "--no-sidecar"]).run().exits(7);
    assert!(!run.stderr.contains("mesh"), "{}", run.story());
    // Its pods would never be ready with that one.
    let ns = Cluster::nodes().namespace("sidecar-stays-away");
    inject(&ns, "sleep 3600", "");
    let servers = SharedServers::get();
    let names = ["get", "pods", "-o", "jsonpath={.items[*].spec.containers[*].name}"];
    let config = [
        "get",
        "pods",
        "-o",
        "jsonpath={.items[*].metadata.annotations.proxy\\.istio\\.io/config}",
    ];
    for (flags, expected) in [(&[][..], "mesh probe"), (&["--no-sidecar"], "probe")] {
        let install =
            ns.pods(["monitor", "install", &servers.nginx, "--node-selector", &one_node(&ns)]);
        install.args(flags.iter().copied()).run().success();
        let names = ns.kubectl(names).run().success().stdout;
        let mut names: Vec<&str> = names.split_whitespace().collect();
        names.sort_unstable();
        assert_eq!(names.join(" "), expected, "{flags:?}");
        let config = ns.kubectl(config).run().success().stdout;
        assert_eq!(
            config.contains("holdApplicationUntilProxyStarts"),
            flags.is_empty(),
            "{config}"
        );
        ns.pods(["monitor", "uninstall"]).run().success();
    }
}

/// A node selector that one node fits.
fn one_node(ns: &Namespace) -> String {
    format!("kubernetes.io/hostname={}", ns.cluster.node_names().remove(0))
}

/// What the probe asks for is the sidecar itself, so that it is refused until that is ready, as by a mesh's proxy.
#[test]
fn a_sidecar_that_is_ready_late_is_waited_for() {
    let ns = Cluster::nodes().namespace("sidecar-late");
    inject_server(&ns, 4);
    let run = check(&ns, &["127.0.0.1:80"], 0);
    let run = run.complains("container mesh beside the probe was ready");
    assert!(run.stdout.contains("open"), "{}", run.story());
}

/// A mesh says of a native one when it has started, and the kubelet starts the probe after that.
#[test]
fn a_native_sidecar_that_is_late_is_waited_for_by_the_kubelet() {
    let ns = Cluster::nodes().namespace("sidecar-native-late");
    let started = format!("{ALWAYS}, \"startupProbe\": {ACCEPTS}");
    inject_as(&ns, &NATIVE, "sleep 4; exec nginx", &started);
    check(&ns, &["127.0.0.1:80"], 0).quiet();
}

/// It ends with the probe, and nobody learns when it would have been ready.
#[test]
fn a_native_sidecar_that_ends_before_it_is_ready_is_not_waited_for() {
    let ns = Cluster::nodes().namespace("sidecar-native-never");
    inject_as(&ns, &NATIVE, "sleep 3600", &format!("{ALWAYS}, \"readinessProbe\": {ACCEPTS}"));
    let run = check(&ns, &["127.0.0.1:80"], 3);
    let run = run.complains("container mesh beside the probe was not ready when this was tried");
    assert!(run.took < SOON, "{}", run.story());
}

#[test]
fn while_a_sidecar_is_not_ready_a_failure_says_nothing() {
    let ns = Cluster::nodes().namespace("sidecar-never");
    inject_server(&ns, 3600);
    let servers = SharedServers::get();
    let target = &servers.nginx;
    let run = check(&ns, &["127.0.0.1:80", target, "--start-timeout", "8s", "-o", "json"], 3);
    let run =
        run.complains("container mesh beside the probe was not ready").complains("--no-sidecar");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(report["targets"][0]["verdict"], "not-run", "{report}");
    assert_eq!(report["targets"][1]["verdict"], "open", "what was reached was reached: {report}");
    let run = ns.pods(["curl", "127.0.0.1:80", "--start-timeout", "8s"]).run().exits(3).prints("");
    run.complains("container mesh beside the probe was not ready");
    ns.wait_clean(Duration::from_secs(10));
}

/// What the probe asks for is the sidecar itself again, which is started once more.
#[test]
fn a_standing_probe_beside_a_sidecar_that_is_not_ready() {
    let ns = Cluster::nodes().namespace("sidecar-again");
    inject_server(&ns, 5);
    let node = one_node(&ns);
    let terms = ["--every", "1s", "--node-selector", &node];
    let install = ns.pods(["monitor", "install", "127.0.0.1:80"]).args(terms);
    install.run().success();
    let label = ["get", "pods", "-l", "app.kubernetes.io/component=monitor", "-o", "json"];
    let list = ns.kubectl(label).run().success().stdout;
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let waits = &list["items"][0]["metadata"]["annotations"]["kuma.io/wait-for-dataplane-ready"];
    assert_eq!(waits, "true", "{list:#}");
    let status = || ns.pods(["monitor", "status"]).run().success();
    wait_until("it to be reached", SOON, || status().stdout.contains(" open "));
    assert_eq!(status().stderr, "", "who is ready is no news");
    // It is started once more, and listens some seconds later.
    let pod = list["items"][0]["metadata"]["name"].as_str().expect("a name");
    ns.kubectl(["exec", pod, "-c", "mesh", "--", "nginx", "-s", "quit"]).run().success();
    wait_until("it to be refused", SOON, || status().stdout.contains(" not-run "));
    let run = status().complains("container mesh beside it is not ready");
    let why = "container mesh beside the probe was not ready when this was tried";
    assert!(run.stdout.contains(why), "{}", run.story());
    wait_until("it to be reached again", SOON, || status().stdout.contains(" open "));
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn an_init_container_that_fails_is_named() {
    let ns = Cluster::nodes().namespace("init-fails");
    // curl without a word to say what.
    let spec = "Object.spec{initContainers: [Object.spec.initContainers{
          name: \"mesh\", image: \"docker.io/curlimages/curl:latest\", imagePullPolicy: \"IfNotPresent\"}]}";
    every_pod_gets(&ns, spec, "jsonpath={.spec.initContainers[*].name}", "mesh");
    let run = check(&ns, &["10.96.0.1:443"], 3);
    let run = run.complains("init container mesh: Error, exit code 2").complains("--no-sidecar");
    assert!(run.took < SOON, "{}", run.story());
}

//! Probes that somebody else's image carries: nodes need none of ours.

use std::time::{Duration, Instant};

use harness::{Cluster, Namespace, SharedServers};
use nix::sys::signal::Signal;

/// An image that every node has and that is not ours; its user is root.
const CARRIER: [&str; 2] = ["--carrier", "docker.io/library/nginx:latest"];

/// A namespace that holds its pods to Pod Security `restricted`, and where our own image is named as one that there is not.
fn namespace(prefix: &str) -> Namespace {
    let ns = Cluster::nodes().namespace(prefix);
    for level in ["enforce", "warn"] {
        let label = format!("pod-security.kubernetes.io/{level}=restricted");
        ns.cluster.kubectl(["label", "namespace", &ns.name, &label]).run().success();
    }
    ns
}

fn carried(ns: &Namespace, words: &[&str]) -> harness::Command {
    let command = ns.pods(words.iter().copied()).args(CARRIER);
    command.env("KUBECTL_PODS_PROBE_IMAGE", "localhost/there-is-no/such:image")
}

#[test]
fn check_and_curl_work_without_an_image_of_ours() {
    let (ns, servers) = (namespace("carrier"), SharedServers::get());
    let run = carried(&ns, &["check", &servers.nginx]).run().success();
    assert!(run.stdout.contains(" open "), "{}", run.story());
    assert_eq!(run.complaints(), [""; 0], "not even a warning\n{}", run.story());
    assert_eq!(ns.leftovers(), "", "the very moment check returned");
    let run = carried(&ns, &["curl", &servers.nginx]).run().success();
    assert!(run.stdout.contains("Welcome to nginx!"), "{}", run.story());
    assert_eq!(ns.leftovers(), "", "the very moment curl returned");
}

#[test]
fn several_sources_share_what_they_are_carried_in() {
    let (ns, servers) = (namespace("carrier-many"), SharedServers::get());
    let nodes = ns.cluster.node_names();
    let from: Vec<&str> = nodes.iter().flat_map(|node| ["--from-node", node.as_str()]).collect();
    let words = [&["check", servers.nginx.as_str()], &from[..]].concat();
    // One set for all of them.
    ns.limit("parts", "count/configmaps=6");
    let run = carried(&ns, &words).run().success();
    assert_eq!(run.stdout.matches(" open ").count(), nodes.len(), "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn killed_at_any_moment_nothing_stays_past_its_time() {
    let (ns, servers) = (namespace("carrier-killed"), SharedServers::get());
    let limits = ["--start-timeout", "5s", "--timeout", "1s", "--keep-finished", "1s"];
    let words = [&["check", servers.nginx.as_str()], &limits[..]].concat();
    for after in [50, 100, 150, 200, 300, 500] {
        carried(&ns, &words).signalled(Signal::SIGKILL, Duration::from_millis(after));
    }
    ns.wait_clean(Duration::from_mins(1));
    for after in [100, 200, 400] {
        let begun = Instant::now();
        carried(&ns, &words).signalled(Signal::SIGTERM, Duration::from_millis(after));
        assert_eq!(ns.leftovers(), "", "after {after} ms, {:?} later", begun.elapsed());
    }
}

#[test]
fn what_cannot_carry_says_why() {
    let (ns, servers) = (namespace("carrier-unfit"), SharedServers::get());
    let cases = [
        ("localhost/there-is-no/such:carrier", "ErrImagePull: ", "--carrier"),
        ("localhost/kubectl-pods/pause:3.10", "/bin/sh", "--carrier"),
    ];
    for (image, reason, advice) in cases {
        let run = ns.pods(["check", &servers.nginx, "--carrier", image]).run().exits(3);
        run.complains(reason).complains(advice);
        assert_eq!(ns.leftovers(), "", "{image}");
    }
}

#[test]
fn config_maps_are_the_only_further_right() {
    let (ns, servers) = (namespace("carrier-rights"), SharedServers::get());
    let role = include_str!("../../deploy/rights-check.yaml");
    ns.apply(&role.replace("kubectl-pods-check", "all"));
    let (less, _) = role.split_once("  # With --carrier").expect("the rule is the last");
    ns.apply(&less.replace("kubectl-pods-check", "less"));
    let run = |role: &str| {
        ns.kubectl(["create", "serviceaccount", role]).run().success();
        let words = [format!("--role={role}"), format!("--serviceaccount={}:{role}", ns.name)];
        ns.kubectl(["create", "rolebinding", role]).args(words).run().success();
        let user = format!("system:serviceaccount:{}:{role}", ns.name);
        carried(&ns, &["check", &servers.nginx, "--as", &user]).run()
    };
    run("all").success();
    assert_eq!(ns.leftovers(), "");
    run("less").exits(1).complains("cannot create resource \"configmaps\"");
    assert_eq!(ns.leftovers(), "");
}

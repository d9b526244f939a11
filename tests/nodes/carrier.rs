//! Probes that somebody else's image carries: nodes need none of ours.

use std::time::Duration;

use harness::{Cluster, Namespace, SharedServers, wait_until};

/// An image that every node has and that is not ours; its user is root.
pub(super) const CARRIER: [&str; 2] = ["--carrier", "docker.io/library/nginx:latest"];

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
fn a_standing_probe_is_carried_until_it_has_an_image() {
    let (ns, servers) = (namespace("carrier-monitor"), SharedServers::get());
    let install = ["monitor", "install", &servers.nginx, "--every", "1s"];
    let config_maps = || {
        let label = "app.kubernetes.io/managed-by=kubectl-pods";
        let list = ["get", "configmaps", "-l", label, "-o", "name"];
        ns.kubectl(list).run().success().stdout.lines().count()
    };
    carried(&ns, &install).run().success();
    assert!(config_maps() > 1, "the plan and the probe");
    wait_until("both nodes to reach it", Duration::from_secs(20), || {
        let status = ns.pods(["monitor", "status", "--no-headers"]).run().success().stdout;
        status.lines().count() == 2 && status.lines().all(|line| line.contains(" open "))
    });
    ns.pods(install).run().success();
    assert_eq!(config_maps(), 1, "the plan alone");
    carried(&ns, &install).run().success();
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "", "the very moment uninstall returned");
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
    let (less, _) = role.split_once("  # With --carrier").expect("the rule is there");
    let run = |account: &str, role: &str| {
        let user = ns.grant(account, role, |_| ());
        carried(&ns, &["check", &servers.nginx, "--as", &user]).run()
    };
    run("all", role).success();
    assert_eq!(ns.leftovers(), "");
    run("less", less).exits(1).complains("cannot create resource \"configmaps\"");
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn an_image_that_is_no_probe_is_told_of_as_such() {
    let ns = Cluster::nodes().namespace("no-probe");
    let image = ["--probe-image", "docker.io/library/nginx:latest"];
    let check = || ns.pods(["check", "10.96.0.1:443"]).args(image);
    // Its user is root.
    let run = check().run().exits(3).complains("so it is no image of the probe");
    run.complains("--carrier IMAGE has the probe carried by any image with a shell");
    // As somebody else it runs, and does not know what is wanted of it.
    let somebody = r#"{"spec": {"securityContext": {"runAsUser": 1000}}}"#;
    let run = check().args(["--overrides", somebody]).run().exits(3);
    run.complains("does not seem to be an image of the probe")
        .complains("--carrier docker.io/library/nginx:latest");
    // One that says nothing ends with its Job, and was deleted by nobody else.
    let of_nodes = ["get", "nodes", "-o", "jsonpath={.items[0].status.images[*].names[0]}"];
    let images = ns.cluster.kubectl(of_nodes).run().success().stdout;
    let pause = images.split(' ').find(|image| image.contains("pause")).expect("a pod's first");
    let words = ["check", "10.96.0.1:443", "--start-timeout", "3s", "--timeout", "1s"];
    let mute = ns.pods(words).args(["--probe-image", pause, "--overrides", somebody]);
    let said = format!("and said nothing; {pause} does not seem to be an image of the probe");
    mute.run().exits(3).complains(&said);
    assert_eq!(ns.leftovers(), "");
}

/// What is refused has the flag that helps, be it the Job or what a carrier's probe comes in.
#[test]
fn a_namespace_that_takes_nothing_more_leads_to_another() {
    let ns = Cluster::nodes().namespace("carrier-full");
    let helps = "--probe-namespace puts the probe into another namespace";
    ns.limit("none", "count/configmaps=0");
    let check = || ns.pods(["check", "10.0.0.7:80"]).args(CARRIER);
    let run = check().run().exits(1).complains("exceeded quota: none");
    assert!(run.stderr.ends_with(&format!("; {helps}\n")), "{}", run.story());
    let install = ns.pods(["monitor", "install", "10.0.0.7:80"]).args(CARRIER).run().exits(1);
    assert!(install.stderr.ends_with(&format!("; {helps}\n")), "{}", install.story());
    assert_eq!(ns.leftovers(), "");
    let keep = r#"{"metadata": {"finalizers": ["example.com/held"]}}"#;
    ns.kubectl(["delete", "quota", "none"]).run().success();
    ns.kubectl(["create", "configmap", "held"]).run().success();
    ns.kubectl(["patch", "configmap", "held", "--type=merge", "-p", keep]).run().success();
    ns.cluster.kubectl(["delete", "namespace", &ns.name, "--wait=false"]).run().success();
    let run = check().run().exits(1).complains("because it is being terminated");
    assert!(run.stderr.ends_with(&format!("; {helps}\n")), "{}", run.story());
    let none = r#"{"metadata": {"finalizers": null}}"#;
    ns.kubectl(["patch", "configmap", "held", "--type=merge", "-p", none]).run().success();
}

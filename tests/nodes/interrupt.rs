//! Ctrl-C while a probe waits in the cluster: for a node, for its image, for a server that says nothing.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use harness::{Cluster, Namespace, Run, start_article_servers, wait_until};

/// Interrupts the command once a probe's pod shows `value` at `path`, and gives what it did after that.
#[track_caller]
fn interrupted(ns: &Namespace, words: &[&str], path: &str, value: &str) -> Run {
    let command = ns.pods(words.iter().copied());
    let mut child = command.spawn();
    let label = "app.kubernetes.io/managed-by=kubectl-pods";
    let path = format!("jsonpath={{.items[*].{path}}}");
    wait_until(&format!("{value}: {}", command.line()), Duration::from_secs(20), || {
        let shown = ns.kubectl(["get", "pods", "-l", label, "-o", &path]).run().success().stdout;
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended by itself");
        shown.contains(value)
    });
    // So that it has seen what we saw, and waits.
    thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    // Twice, as `timeout` or a shell does that passes on what the terminal has sent to all.
    for _ in 0..2 {
        kill(pid, Signal::SIGINT).expect("it can be signalled");
    }
    let output = child.wait_with_output().expect("it ends");
    Run::new(command.line(), output, begun.elapsed())
}

#[test]
fn whatever_a_probe_waits_for() {
    let ns = Cluster::nodes().namespace("waiting");
    start_article_servers(&ns);
    let ip = ns.pod_ip("nginx-ser");
    // Its workers still have connections made, by the kernel, and never say a word.
    ns.kubectl(["exec", "nginx-ser", "--", "sh", "-c", "kill -s STOP -1"]).run().success();
    let image = format!("{ip}:80/silent:1");
    let waiting = "status.containerStatuses[*].state.waiting.reason";
    let nowhere = ["--node-selector", "kubectl-pods.test/nowhere=yes"];
    let nodes = ns.cluster.node_names();
    let nodes: Vec<&str> = nodes.iter().flat_map(|node| ["--from-node", node]).collect();
    let one_nowhere = [&["check", "httpd-ser"][..], &nowhere].concat();
    let two_nowhere = [&one_nowhere[..], &nodes].concat();
    let none_to_ask = [&["curl", "httpd-ser"][..], &nowhere].concat();
    let cases: [(&[&str], &str, &str); 7] = [
        (&one_nowhere, "status.phase", "Pending"),
        (&none_to_ask, "status.phase", "Pending"),
        (&two_nowhere, "status.phase", "Pending Pending"),
        (&["check", "httpd-ser", "--probe-image", &image], waiting, "ContainerCreating"),
        (&["curl", "httpd-ser", "--probe-image", &image], waiting, "ContainerCreating"),
        (&["check", "nginx-ser", "--timeout", "60s"], "status.phase", "Running"),
        (&["curl", "nginx-ser", "-m", "60"], "status.phase", "Running"),
    ];
    for (words, path, value) in cases {
        let run = interrupted(&ns, words, path, value).exits(130).prints("");
        assert!(run.took < Duration::from_secs(15), "{}", run.story());
        ns.wait_clean(Duration::from_secs(10));
    }
}

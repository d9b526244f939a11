//! Ctrl-C, once or twice, and its relatives: at any moment, and while a probe waits in the cluster for a node, for its
//! image, for a server that says nothing.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::carrier::CARRIER;
use harness::{
    Cluster, Namespace, Run, SharedServers, side_by_side, start_article_servers, wait_until,
};

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

/// What comes at a moment: once, or twice as `timeout` or a shell does that passes on what the terminal has sent to all.
const SIGNALS: [&[Signal]; 4] =
    [&[Signal::SIGINT], &[Signal::SIGINT, Signal::SIGINT], &[Signal::SIGTERM], &[Signal::SIGHUP]];

#[test]
fn at_any_moment_nothing_is_left() {
    let (cluster, servers) = (Cluster::nodes(), SharedServers::get());
    let nodes = cluster.node_names();
    let nodes: Vec<&str> = nodes.iter().flat_map(|node| ["--from-node", node]).collect();
    let commands = [("check", &[][..]), ("check", &nodes), ("check", &CARRIER), ("curl", &[])];
    for (verb, flags) in commands {
        let namespace = || cluster.namespace("signal");
        let words = [&[verb, &servers.nginx], flags].concat();
        let stopped =
            side_by_side(0..16, namespace, |ns, step| u32::from(signal_at(ns, &words, step)));
        let stopped: u32 = stopped.into_iter().sum();
        assert!(stopped >= 3, "only {stopped} runs of {words:?} were stopped before their end");
    }
}

/// Runs these words, signals them at their `step`, and tells whether they were stopped by their own hand.
fn signal_at(ns: &Namespace, words: &[&str], step: u8) -> bool {
    let signals = SIGNALS[usize::from(step) % SIGNALS.len()];
    let (status, took) = signalled(ns, words, signals, Duration::from_millis(45) * step.into());
    // Before it listens for signals it has created nothing, and dies of them like any program.
    let died = signals.iter().any(|signal| status.signal() == Some(*signal as i32));
    let stopped = status.code() == Some(128 + signals[0] as i32);
    assert!(died || stopped || status.success(), "{words:?}, step {step}: {status}");
    assert!(took < Duration::from_secs(15), "{words:?}, step {step}: {took:?} after the signal");
    // A pod that the Job controller was just making is collected a moment later.
    ns.wait_clean(Duration::from_secs(10));
    stopped
}

/// Runs these words, sends these signals after a while, and gives how it ended and how long after them.
fn signalled(
    ns: &Namespace,
    words: &[&str],
    signals: &[Signal],
    after: Duration,
) -> (ExitStatus, Duration) {
    let command = ns.pods(words.iter().copied());
    let child = command.spawn();
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    thread::sleep(after);
    for signal in signals {
        // It may have been quicker. Nobody has waited for it yet, so the pid is still its own.
        let _ = kill(pid, *signal);
        // Two in the very same moment may reach the process as one.
        thread::sleep(Duration::from_millis(3));
    }
    let begun = Instant::now();
    let status = child.wait_with_output().expect("it ends").status;
    (status, begun.elapsed())
}

//! `kill -9` at any moment: what was made ends by itself, at its deadline and at its TTL, with nobody there to see to it.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use nix::sys::signal::Signal;

use super::carrier::CARRIER;
use harness::{Cluster, Namespace, SharedServers, side_by_side, wait_until};

/// Moments at which each command is killed, spread evenly over the life of one that is let live.
const MOMENTS: u32 = 20;
/// Flags for a short life, and what they come to with an attempt of 1 s: how long a Job may run, and how long one that has
/// ended stays.
const LIMITS: [&str; 4] = ["--start-timeout", "5s", "--keep-finished", "10s"];
const DEADLINE: Duration = Duration::from_secs(6);
const KEPT: Duration = Duration::from_secs(10);
/// What the controllers of a busy machine may need on top.
const SLACK: Duration = Duration::from_secs(20);

/// Kills the command, with the limits, at each moment. Gives how many died of it: the others were quicker.
fn kill_at_any_moment(ns: &Namespace, words: &[&str]) -> usize {
    let life = || ns.pods(words.iter().copied()).run().success().took;
    let life = life().min(life());
    let kill = |(): &(), moment| {
        let command = ns.pods(words.iter().copied()).args(LIMITS);
        let (status, _) = command.signalled(Signal::SIGKILL, life * moment / MOMENTS);
        status.signal() == Some(Signal::SIGKILL as i32)
    };
    let died = side_by_side(0..MOMENTS, || (), kill);
    died.into_iter().filter(|died| *died).count()
}

/// Nothing runs any more, or may still begin to.
fn has_come_to_rest(ns: &Namespace) -> bool {
    let label = "app.kubernetes.io/managed-by=kubectl-pods";
    let phases = ["get", "pods", "-l", label, "-o", "jsonpath={.items[*].status.phase}"];
    let jobs = ["get", "jobs", "-l", label, "-o", "jsonpath={.items[*].status.active}"];
    let phases = ns.kubectl(phases).run().success().stdout;
    let is_at_rest = |phase: &str| ["Succeeded", "Failed"].contains(&phase);
    phases.split_whitespace().all(is_at_rest) && ns.kubectl(jobs).run().success().stdout.is_empty()
}

#[test]
fn at_any_moment_nothing_outlives_its_limits() {
    let (cluster, servers) = (Cluster::nodes(), SharedServers::get());
    let nodes = cluster.node_names();
    let nodes: Vec<&str> = nodes.iter().flat_map(|node| ["--from-node", node]).collect();
    let ns = cluster.namespace("killed");
    let check = ["check", servers.nginx.as_str(), "--timeout", "1s"];
    let curl = ["curl", servers.nginx.as_str(), "--max-time", "1"];
    for (verb, flags) in [(check, &CARRIER[..]), (check, &nodes), (check, &[]), (curl, &[])] {
        let words = [&verb, flags].concat();
        let died = kill_at_any_moment(&ns, &words);
        // How long one lives varies with what else the machine does.
        assert!(died >= 5, "only {died} runs of {words:?} were there to be killed");
    }
    assert!(ns.leftovers().contains("job.batch/"), "there is something that must end by itself");
    wait_until("nothing to run past its deadline", DEADLINE + SLACK, || has_come_to_rest(&ns));
    wait_until("nothing to be past its TTL", KEPT + SLACK, || ns.leftovers().is_empty());
}

/// A pod that would wait for ever.
#[test]
fn a_pod_without_a_node_ends_with_its_job() {
    let (ns, servers) = (Cluster::nodes().namespace("killed-waiting"), SharedServers::get());
    let nowhere = ["--node-selector", "kubectl-pods.test/nowhere=yes"];
    let command = ns.pods(["check", &servers.nginx, "--timeout", "1s"]).args(LIMITS).args(nowhere);
    let mut child = command.spawn();
    wait_until("the probe's pod", Duration::from_secs(20), || ns.leftovers().contains("pod/"));
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert!(ns.leftovers().contains("job.batch/"), "there is something to clean up");
    wait_until("it to end", DEADLINE + SLACK, || has_come_to_rest(&ns));
    ns.wait_clean(KEPT + SLACK);
}

//! A signal in the middle of an install, a change, an uninstall.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus, time::Duration};

use nix::sys::signal::Signal;

use super::super::carrier::CARRIER;
use harness::{Cluster, Namespace, side_by_side};

/// Installs a probe of this target, interrupted after a while.
fn interrupted(ns: &Namespace, target: &str, flags: &[&str], after: Duration) -> ExitStatus {
    let command = ns.pods(["monitor", "install", target, "--every", "1s"]);
    command.args(flags.iter().copied()).signalled(Signal::SIGINT, after).0
}

#[test]
fn an_interrupted_install_leaves_nothing() {
    let cluster = Cluster::nodes();
    let namespace = || cluster.namespace("monitor-signal");
    let stopped = side_by_side(1..=16_u32, namespace, |ns, step| {
        // Every other one is carried, in ConfigMaps that have to go as well.
        let flags = if step.is_multiple_of(2) { &CARRIER[..] } else { &[] };
        let status = interrupted(ns, "10.96.0.1:443", flags, Duration::from_millis(35) * step);
        // Before it listens for signals it has made nothing, and dies of them like any program.
        let died = status.signal() == Some(Signal::SIGINT as i32);
        if status.success() {
            // It was quicker than the signal.
            ns.pods(["monitor", "uninstall"]).run().success();
        } else {
            assert!(died || status.code() == Some(130), "step {step}: {status}");
        }
        assert_eq!(ns.leftovers(), "", "step {step}");
        u32::from(!status.success() && !died)
    });
    let stopped: u32 = stopped.into_iter().sum();
    assert!(stopped >= 3, "only {stopped} runs were stopped by their own hand");
}

#[test]
fn an_interrupted_change_removes_nothing() {
    let ns = Cluster::nodes().namespace("monitor-change");
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    // Later and later, and each time another change, until one is stopped by its own hand.
    let stopped = (1..=20_u32).any(|step| {
        let target = format!("10.96.0.1:{}", 443 + step);
        let status = interrupted(&ns, &target, &[], Duration::from_millis(150) * step);
        assert!(ns.leftovers().contains("daemonset"), "what was there before stays: step {step}");
        status.code() == Some(130)
    });
    assert!(stopped, "no change was stopped by its own hand");
    ns.pods(["monitor", "uninstall"]).run().success();
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn an_interrupted_uninstall_removes_all_or_nothing() {
    let cluster = Cluster::nodes();
    let namespace = || cluster.namespace("monitor-uninstall");
    // At every part of what it takes on this machine, as busy as it is.
    let ns = namespace();
    ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
    let whole = ns.pods(["monitor", "uninstall"]).run().success().took;
    let begun = side_by_side(1..=8_u32, namespace, |ns, step| {
        ns.pods(["monitor", "install", "10.96.0.1:443"]).run().success();
        let uninstall = ns.pods(["monitor", "uninstall"]);
        let (status, took) = uninstall.signalled(Signal::SIGINT, whole * step / 9);
        assert!(took < Duration::from_secs(10) || status.success(), "step {step}: {took:?}");
        // It dies like any program: the first thing it deletes is what all the rest hangs on.
        let interrupted = status.signal() == Some(Signal::SIGINT as i32);
        assert!(interrupted || status.success(), "step {step}: {status}");
        let left = ns.leftovers();
        if left.contains("configmap/") {
            assert!(interrupted, "step {step}: {left}");
            assert!(left.contains("daemonset.apps/"), "step {step}: {left}");
            ns.pods(["monitor", "uninstall"]).run().success();
        } else {
            ns.wait_clean(Duration::from_mins(1));
        }
        assert_eq!(ns.leftovers(), "", "step {step}");
        u32::from(interrupted && !left.contains("configmap/"))
    });
    let begun: u32 = begun.into_iter().sum();
    assert!(begun >= 2, "only {begun} runs were interrupted after they had begun to delete");
}

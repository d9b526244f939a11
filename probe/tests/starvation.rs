//! A probe that gets almost no processor: what it still may say, and what it must not.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use kubectl_pods_report::{Ask, Attempt, Check, HttpRequest, Observation, Plan};

use crate::lab::{Lab, Place};
use crate::plans::{plan, tcp, within};

/// Names of our cgroups: this and the process id of the test.
const PREFIX: &str = "kpods-probe-";

/// A cgroup that may run for 10 ms in every 100 ms, with a process in it that takes them all.
struct Starving {
    folder: PathBuf,
    busy: Child,
}

impl Starving {
    fn new() -> Self {
        let root = Path::new("/sys/fs/cgroup");
        let unified = root.join("cgroup.controllers").exists();
        let parent = if unified { root.to_owned() } else { root.join("cpu") };
        remove_leftovers(&parent);
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).expect("cannot make a cgroup: root?");
        let limits: &[(&str, &str)] = if unified {
            fs::write(root.join("cgroup.subtree_control"), "+cpu").expect("the cpu controller");
            &[("cpu.max", "10000 100000")]
        } else {
            &[("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "10000")]
        };
        for (file, value) in limits {
            fs::write(folder.join(file), value).expect(file);
        }
        let mut busy = Command::new("setpriv");
        busy.args(["--pdeathsig", "KILL", "sh", "-c", "while :; do :; done"]); // Not longer than this test.
        let busy = busy.spawn().expect("cannot run setpriv (util-linux)");
        fs::write(folder.join("cgroup.procs"), busy.id().to_string()).expect("cgroup.procs");
        Self { folder, busy }
    }

    /// The file through which a process enters.
    fn entrance(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for Starving {
    fn drop(&mut self) {
        let _ = self.busy.kill();
        let _ = self.busy.wait();
        // The kernel takes a moment to see that the group is empty.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Removes cgroups whose test run is no more.
fn remove_leftovers(parent: &Path) {
    for entry in fs::read_dir(parent).expect("cgroups").flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let owner = name.strip_prefix(PREFIX);
        if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The attempts of a probe that was stopped for most of the last two's time. Where others leave the group less time than
/// its quota allows, it is slow without being stopped: then it is tried again.
#[expect(clippy::print_stderr, reason = "how a test tells what it tried")]
fn attempts_while_starving(lab: &Lab, plan: &Plan) -> Vec<Attempt> {
    let throttled = |attempt: &Attempt| attempt.evidence.starvation?.throttled_seconds;
    for _ in 0..5 {
        let starving = Starving::new();
        let attempts = lab.probe_through(&starving.entrance(), plan).attempts;
        let seconds: Vec<_> = attempts.iter().map(throttled).collect();
        if seconds[2] > Some(0.5) && seconds[3] > Some(1.0) {
            return attempts;
        }
        eprintln!("hardly throttled: {seconds:?} s");
    }
    panic!("starving does not work");
}

#[test]
fn starving_changes_neither_the_network_nor_what_is_said_about_it() {
    let lab = Lab::new();
    lab.nft(
        Place::Server,
        "table inet faults { chain syn { type filter hook input priority 0; tcp dport 7020 drop; }; }",
    );
    let _listener = lab.inside(Place::Server, || TcpListener::bind(("::", 7000)).expect("bind"));
    let ask = Ask::http(7000, HttpRequest::default());
    let silent = within(Check { ask, ..tcp("10.99.2.2", 7000) }, 2.0);
    let checks =
        vec![tcp("10.99.2.2", 7000), tcp("10.99.2.2", 7999), tcp("10.99.2.2", 7020), silent];
    let attempts = attempts_while_starving(&lab, &plan(checks));

    assert_eq!(attempts[0].observation, Observation::Open, "{attempts:#?}");
    let rtt = attempts[0].evidence.tcp_info.expect("TCP_INFO").rtt_seconds;
    // Being throttled is being stopped for nine tenths of every 0.1 s; what was measured took microseconds.
    assert!(rtt < 0.05, "the kernel is not throttled with us: {rtt}");
    assert_eq!(attempts[1].observation, Observation::Refused, "{attempts:#?}");

    assert_eq!(
        attempts[2].observation,
        Observation::Dropped,
        "SYNs that the kernel sent again are proof enough: {attempts:#?}"
    );

    assert_eq!(
        attempts[3].observation,
        Observation::Starved,
        "not proof against the target: {attempts:#?}"
    );
}

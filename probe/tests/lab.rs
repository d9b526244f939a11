//! Three network namespaces in a row: client, router, server.
//!
//! ```text
//! client 10.99.1.2 --- 10.99.1.1 router 10.99.2.1 --- 10.99.2.2 server
//!        fd99:1::2 --- fd99:1::1        fd99:2::1 --- fd99:2::2
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pods_report::Plan;
use nix::sched::{CloneFlags, setns};

use crate::plans::{Outcome, read_log};

/// Names of our namespaces: this, the process id of the test, a number, and the role.
const PREFIX: &str = "kpods-probe";

/// Where a namespace stands in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Client,
    Router,
    Server,
}

/// The three namespaces; gone when dropped.
pub(crate) struct Lab {
    name: String,
}

const SETUP: &[&str] = &[
    "link add c0 netns {client} type veth peer name r1 netns {router}",
    "link add s0 netns {server} type veth peer name r2 netns {router}",
    "-n {client} addr add 10.99.1.2/24 dev c0",
    "-n {client} addr add fd99:1::2/64 dev c0 nodad",
    "-n {router} addr add 10.99.1.1/24 dev r1",
    "-n {router} addr add fd99:1::1/64 dev r1 nodad",
    "-n {router} addr add 10.99.2.1/24 dev r2",
    "-n {router} addr add fd99:2::1/64 dev r2 nodad",
    "-n {server} addr add 10.99.2.2/24 dev s0",
    "-n {server} addr add fd99:2::2/64 dev s0 nodad",
    "-n {client} link set lo up",
    "-n {client} link set c0 up",
    "-n {router} link set r1 up",
    "-n {router} link set r2 up",
    "-n {server} link set lo up",
    "-n {server} link set s0 up",
    // Not a default route: some addresses must have none.
    "-n {client} route add 10.96.0.0/14 via 10.99.1.1",
    "-n {client} -6 route add fd90::/12 via fd99:1::1",
    "-n {server} route add default via 10.99.2.1",
    "-n {server} -6 route add default via fd99:2::1",
];

/// Forwarding, no limit on ICMP errors (they would be lost between checks), and a quick ARP.
const SYSCTLS: &[(Place, &str, &str)] = &[
    (Place::Client, "ipv4/neigh/c0/retrans_time_ms", "100"),
    (Place::Client, "ipv6/neigh/c0/retrans_time_ms", "100"),
    (Place::Client, "ipv4/icmp_ratelimit", "0"),
    (Place::Client, "ipv6/icmp/ratelimit", "0"),
    (Place::Router, "ipv4/neigh/r2/retrans_time_ms", "100"),
    (Place::Router, "ipv6/neigh/r2/retrans_time_ms", "100"),
    (Place::Router, "ipv4/icmp_ratelimit", "0"),
    (Place::Router, "ipv6/icmp/ratelimit", "0"),
    (Place::Router, "ipv4/ip_forward", "1"),
    (Place::Router, "ipv6/conf/all/forwarding", "1"),
    (Place::Server, "ipv4/icmp_ratelimit", "0"),
    (Place::Server, "ipv6/icmp/ratelimit", "0"),
    (Place::Server, "ipv4/ip_forward", "1"),
    (Place::Server, "ipv6/conf/all/forwarding", "1"),
];

impl Lab {
    /// Makes the namespaces, after removing those of test runs that died.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        remove_leftovers();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let lab = Self { name: format!("{PREFIX}-{}-{number}", std::process::id()) };
        for place in [Place::Client, Place::Router, Place::Server] {
            ip(&format!("netns add {}", lab.namespace(place)));
        }
        for command in SETUP {
            lab.ip(command);
        }
        for (place, path, value) in SYSCTLS {
            lab.inside(*place, || {
                fs::write(Path::new("/proc/sys/net").join(path), value).expect(path);
            });
        }
        lab.inside(Place::Client, wait_for_the_server);
        lab
    }

    fn namespace(&self, place: Place) -> String {
        format!("{}-{}", self.name, format!("{place:?}").to_lowercase())
    }

    /// Runs `ip` with `{client}`, `{router}` and `{server}` replaced by the names of the namespaces.
    pub(crate) fn ip(&self, command: &str) {
        let command = command.replace("{client}", &self.namespace(Place::Client));
        let command = command.replace("{router}", &self.namespace(Place::Router));
        ip(&command.replace("{server}", &self.namespace(Place::Server)));
    }

    /// Loads nftables rules at `place`.
    pub(crate) fn nft(&self, place: Place, rules: &str) {
        let mut nft = Command::new("ip");
        nft.args(["netns", "exec", &self.namespace(place), "nft", "-f", "-"]);
        feed(&mut nft, rules);
    }

    /// Runs `work` on a thread of its own inside the namespace. Sockets that it makes stay there.
    pub(crate) fn inside<T: Send>(&self, place: Place, work: impl FnOnce() -> T + Send) -> T {
        let path = Path::new("/run/netns").join(self.namespace(place));
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let namespace = File::open(&path).expect("the namespace has a file");
                setns(namespace, CloneFlags::CLONE_NEWNET)
                    .expect("cannot enter the namespace: root?");
                work()
            });
            worker.join().expect("the work inside the namespace panicked")
        })
    }

    /// Writes `/etc/resolv.conf` or `/etc/hosts` as `ip netns exec` shows it at `place`.
    pub(crate) fn etc(&self, place: Place, file: &str, content: &str) {
        let folder = Path::new("/etc/netns").join(self.namespace(place));
        fs::create_dir_all(&folder).expect("cannot write to /etc/netns: root?");
        fs::write(folder.join(file), content).expect(file);
    }

    /// Runs the probe's binary at the client, as a process without any capability, like a restricted pod.
    pub(crate) fn probe(&self, plan: &Plan) -> Outcome {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(Place::Client)]);
        command.args(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]);
        command.args([env!("CARGO_BIN_EXE_kubectl-pods-probe"), "run", "--plan", "-"]);
        read_log(&feed(&mut command, &serde_json::to_string(plan).expect("a plan is JSON")))
    }

    /// Runs the probe's binary at the client, in the cgroup with this `cgroup.procs`.
    pub(crate) fn probe_through(&self, entrance: &Path, plan: &Plan) -> Outcome {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.namespace(Place::Client)));
        command.args(["sh", "-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(entrance);
        command.args([env!("CARGO_BIN_EXE_kubectl-pods-probe"), "run", "--plan", "-"]);
        read_log(&feed(&mut command, &serde_json::to_string(plan).expect("a plan is JSON")))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for place in [Place::Client, Place::Router, Place::Server] {
            remove(&self.namespace(place));
        }
    }
}

/// IPv6 begins to work a moment after its link is up.
fn wait_for_the_server() {
    let give_up = Instant::now() + Duration::from_secs(10);
    for address in ["10.99.2.2:9", "[fd99:2::2]:9"] {
        let address = address.parse().expect(address);
        let reset = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        while !TcpStream::connect_timeout(&address, Duration::from_millis(200))
            .is_err_and(|error| reset(&error))
        {
            assert!(Instant::now() < give_up, "{address} does not answer");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn ip(arguments: &str) {
    let output =
        Command::new("ip").args(arguments.split(' ')).output().expect("cannot run ip (iproute2)");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {problem} (these tests need root)");
}

/// Runs a command with `input` and returns its output; panics when it fails.
fn feed(command: &mut Command, input: &str) -> String {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("cannot run ip (iproute2)");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes())
        .expect("the command reads its input");
    let output = child.wait_with_output().expect("the command ends");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {problem}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Removes namespaces whose test run is no more.
fn remove_leftovers() {
    let Ok(entries) = fs::read_dir("/run/netns") else { return };
    for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').nth(1));
        if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            remove(&name);
        }
    }
}

/// Best effort: two test runs may clean up after the same dead third.
fn remove(namespace: &str) {
    let _ = Command::new("ip").args(["netns", "del", namespace]).stderr(Stdio::null()).status();
    let _ = fs::remove_dir_all(Path::new("/etc/netns").join(namespace));
}

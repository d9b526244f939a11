//! The demo on a cluster whose API server can be reached, and whose pods cannot: as with most clusters of others.

use std::fs;
use std::process::{self, Command};

use anyhow::{Context, Result, ensure};
use nix::sched::{CloneFlags, unshare};

use super::super::slot::Slot;
use super::super::state::State;
use super::super::{Options, Running};
use super::pods::Pods;
use super::shell::{path_with, xtask};
use crate::cargo::{self, Part};
use crate::command;
use crate::interrupt::Scratch;

/// Runs the demo from a network that has the cluster's bridge and no routes.
pub(super) fn run(options: &Options) -> Result<()> {
    // Here, since in there nothing can be fetched.
    cargo::build(Part::Plugin)?;
    let running = Running::find(&options.name)?;
    let slot = State::of(&options.name).spec().context("the cluster has no state")?.slot;
    let folder = Scratch::new()?;
    let kubeconfig = folder.path().join("kubeconfig");
    let text = fs::read_to_string(&running.kubeconfig)?;
    fs::write(&kubeconfig, text.replace("127.0.0.1", &slot.host_ip().to_string()))?;
    let mut demo = xtask(&["demo", "--context", &running.context])?;
    demo.arg("--kubeconfig").arg(&kubeconfig).env("PATH", path_with(&running.bin)?);
    let before = Pods::of(&running).namespaces()?;
    let said = in_a_network_without_routes(slot, || command::output(&mut demo))?;
    for line in
        ["It works!", "# exit code 2, as it should be", "# Nothing is left.", "# Left out: "]
    {
        ensure!(said.lines().any(|said| said.contains(line)), "{line:?} is not in:\n{said}");
    }
    ensure!(!said.contains("monitor install"), "pods can be reached:\n{said}");
    let after = Pods::of(&running).namespaces()?;
    ensure!(before == after, "namespaces were {before:?} and are {after:?}");
    Ok(())
}

/// Does `work` on a thread whose network ends with it, and with the programs it started.
fn in_a_network_without_routes<T: Send>(
    slot: Slot,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    let within = || {
        unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
        connect(slot).context("cannot connect a network to the cluster's bridge")?;
        work()
    };
    std::thread::scope(|scope| scope.spawn(within).join().expect("the work does not panic"))
}

/// Connects this thread's network to the bridge, on which the API server is.
fn connect(slot: Slot) -> Result<()> {
    let (outside, host) = (format!("{}-away", slot.bridge()), process::id().to_string());
    let ip = |arguments: &[&str]| command::run(Command::new("ip").args(arguments));
    ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &outside, "netns", &host])?;
    let [network @ .., _] = slot.host_ip().octets();
    let address = network.map(|part| part.to_string()).join(".");
    ip(&["address", "add", &format!("{address}.200/24"), "dev", "eth0"])?;
    ip(&["link", "set", "lo", "up"])?;
    ip(&["link", "set", "eth0", "up"])?;
    let mut attach = Command::new("nsenter");
    attach.args(["--target", &host, "--net", "ip", "link", "set", &outside]);
    command::run(attach.args(["master", &slot.bridge(), "up"]))
}

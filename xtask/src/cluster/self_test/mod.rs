//! `cargo xtask cluster self-test`: what the other tests take for granted of a cluster.

mod away;
mod builds;
mod existing;
mod failing;
mod interrupt;
mod killed;
mod leftovers;
mod pods;
mod shell;
mod systemd;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::identity::Identity;
use super::process::{self, Process};
use super::slot::NodeIndex;
use super::state::{self, State};
use super::{Cni, Lease, Options, Running, down, up};
use crate::progress::seconds;
use pods::Pods;

/// Under the names of these tests alone: whatever has them may be removed.
fn nodes(nodes: NodeIndex, cni: Cni) -> Options {
    Options { name: "self-test".to_owned(), nodes, cni, ..Options::default() }
}

fn three_nodes() -> Options {
    nodes(3, Cni::Bridge)
}

fn control_plane() -> Options {
    Options::control_plane("self-test-alone")
}

/// How much of it is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Also what takes minutes, and shows a second time what the rest has shown already: more moments at which a start
    /// is killed or a run interrupted, builds elsewhere and anew, a demo that fails or has no route.
    pub(crate) all: bool,
    /// Also Cilium, which takes minutes to build for the first time.
    pub(crate) cilium: bool,
}

/// Runs it. Starts half a dozen clusters one after the other.
///
/// # Errors
///
/// The first that is not as it should be; its clusters stay for inspection.
pub(crate) fn run(Extent { all, cilium }: Extent) -> Result<()> {
    crate::host::require_root("self-test")?;
    let names = [three_nodes().name, control_plane().name];
    let _leases =
        names.each_ref().map(|name| Lease::take(name)).into_iter().collect::<Result<Vec<_>>>()?;
    names.iter().try_for_each(|name| down(name))?;
    step("a second build builds nothing", || builds::second_build_builds_nothing(&three_nodes()))?;
    let elsewhere = all.then(rebuilt).transpose()?;
    step("a start that was killed before it began", || killed::before_it_began(&control_plane()))?;
    step("two clusters side by side", side_by_side)?;
    step("its keys are nobody else's to read", keys_are_private)?;
    step("up again changes nothing", up_again_changes_nothing)?;
    step("up again heals", up_again_heals)?;
    step("env and status speak for the cluster", || shell::run(&three_nodes()))?;
    let ghost = step("a control plane alone takes pods on made-up nodes", create_ghost)?;
    step("pods of three nodes reach each other", pods_of_three_nodes_reach_each_other)?;
    step("pods reach each other across nodes and by name", pods_reach_each_other)?;
    step("the bridge enforces no policy", || policy_is_enforced(&three_nodes(), false))?;
    if all {
        step("the demo leaves out what has no route", || away::run(&three_nodes()))?;
        step("the probe runs on arm64", builds::probe_runs_on_arm64)?;
    }
    step("tests run on an existing cluster", || existing::run(&three_nodes()))?;
    step("an existing cluster survives an interruption", || {
        interrupt::existing_cluster(&three_nodes(), all)
    })?;
    step("a control plane alone keeps pods on made-up nodes", || ghost_stays(ghost))?;
    step("down leaves nothing", down_leaves_nothing)?;
    if all {
        step("a demo that fails says where its logs are", failing::run)?;
    }
    step("up survives being killed", || killed::run(&nodes(2, Cni::Bridge), all))?;
    step("a run that is interrupted leaves no cluster", || interrupt::own_clusters(all))?;
    if let Some(elsewhere) = elsewhere {
        step("the probe built elsewhere is the same", || elsewhere.finish())?;
    }
    if cilium {
        step("Cilium enforces policies", || {
            systemd::with_bpf_file_system(|| policy_is_enforced(&nodes(2, Cni::Cilium), true))
        })?;
        step("a second build builds nothing of Cilium", || {
            builds::again_builds_nothing(&nodes(2, Cni::Cilium))
        })?;
        step("down leaves nothing of Cilium", down_leaves_nothing)?;
    }
    Ok(())
}

/// Images made anew are the same; the probe is being built elsewhere, beside the other steps.
fn rebuilt() -> Result<builds::Elsewhere> {
    step("images made anew are the same", builds::images_are_reproducible)?;
    builds::Elsewhere::begin()
}

fn step<T>(what: &str, test: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    eprintln!("self-test: {what}");
    let passed = test().with_context(|| format!("self-test failed: {what}"))?;
    eprintln!("self-test: {what}: passed in {}", seconds(started.elapsed()));
    Ok(passed)
}

fn side_by_side() -> Result<()> {
    let (alone, three) = (control_plane(), three_nodes());
    std::thread::scope(|scope| {
        let jobs = [&alone, &three].map(|options| scope.spawn(move || up(options)));
        jobs.into_iter().try_for_each(|job| job.join().expect("up does not panic").map(drop))
    })?;
    let slots =
        [&alone, &three].map(|options| State::of(&options.name).spec().map(|spec| spec.slot));
    ensure!(slots[0] != slots[1], "both are in slot {:?}", slots[0]);
    Pods::of(&Running::find(&three.name)?).ensure_ready(three.nodes)
}

/// Keys of the administrator are in the kubeconfigs too: the folder around all of them is closed.
fn keys_are_private() -> Result<()> {
    for options in [control_plane(), three_nodes()] {
        let state = State::of(&options.name);
        let kubeconfig = state.kubeconfig("admin");
        let folder = kubeconfig.parent().context("a kubeconfig is in a folder")?;
        let mode = fs::metadata(folder)?.permissions().mode();
        ensure!(mode.trailing_zeros() >= 6, "{} has mode {mode:o}", folder.display());
    }
    Ok(())
}

fn identities(name: &str) -> Vec<Identity> {
    process::recorded(&State::of(name)).into_iter().map(|process| process.identity).collect()
}

fn up_again_changes_nothing() -> Result<()> {
    for options in [control_plane(), three_nodes()] {
        let before = identities(&options.name);
        up(&options)?;
        ensure!(identities(&options.name) == before, "up restarted {}", options.name);
    }
    Ok(())
}

fn up_again_heals() -> Result<()> {
    let options = control_plane();
    let processes = process::recorded(&State::of(&options.name));
    let api_server = processes.iter().find(|process| process.name == "apiserver");
    let api_server = api_server.context("no API server is recorded")?;
    api_server.identity.kill()?;
    process::wait_until("its end", &[], Duration::from_secs(5), || !api_server.is_alive())?;
    shell::status_names_dead(&options.name, "apiserver")?;
    up(&options)?;
    let nodes =
        Pods::of(&Running::find(&options.name)?).kubectl(&["get", "nodes", "-o", "name"])?;
    ensure!(nodes.is_empty(), "nodes without kubelets: {nodes}");
    Ok(())
}

fn create_ghost() -> Result<Instant> {
    let pods = Pods::of(&Running::find(&control_plane().name)?);
    let spec = r#"{"spec":{"nodeName":"nowhere"}}"#;
    pods.kubectl(&["run", "ghost", "--image=nginx", "--overrides", spec])?;
    Ok(Instant::now())
}

fn ghost_stays(since: Instant) -> Result<()> {
    // The garbage collector, were it on, would look within 20 s.
    std::thread::sleep(Duration::from_secs(22).saturating_sub(since.elapsed()));
    Pods::of(&Running::find(&control_plane().name)?).kubectl(&["get", "pod", "ghost"]).map(drop)
}

fn pods_of_three_nodes_reach_each_other() -> Result<()> {
    Pods::of(&Running::find(&three_nodes().name)?).reach_each_other(three_nodes().nodes)
}

fn pods_reach_each_other() -> Result<()> {
    let pods = Pods::of(&Running::find(&three_nodes().name)?);
    pods.create()?;
    for (client, server, page) in [
        ("friend", "server-2", "It works!"),
        ("friend", "server-1", "Welcome to nginx!"),
        ("stranger", "server-1", "Welcome to nginx!"),
    ] {
        let got = pods.curl(client, &pods.ip(server)?)?;
        ensure!(got.contains(page), "{client} got from {server}: {got}");
    }
    let got = pods.curl("stranger", "servers.default.svc.cluster.local")?;
    ensure!(got.contains("<h1>"), "stranger got from the Service: {got}");
    let log = pods.kubectl(&["logs", "server-1"])?;
    ensure!(log.contains("\"GET / HTTP/1.1\" 200"), "nginx logged: {log}");
    let started = Instant::now();
    let outside = pods.kubectl(&["exec", "stranger", "--", "nslookup", "outside.example"]);
    let Err(error) = outside else { bail!("DNS knows outside.example") };
    ensure!(format!("{error:#}").contains("NXDOMAIN"), "DNS of outside.example: {error:#}");
    ensure!(started.elapsed() < Duration::from_secs(3), "NXDOMAIN took {:?}", started.elapsed());
    Ok(())
}

fn policy_is_enforced(options: &Options, expected: bool) -> Result<()> {
    let pods = Pods::of(&up(options)?);
    pods.create()?;
    let server = pods.ip("server-1")?;
    for client in ["friend", "stranger"] {
        pods.curl(client, &server).context("without a policy")?;
    }
    pods.apply_policy()?;
    let enforced = pods.is_cut_off("stranger", &server, if expected { 20 } else { 5 })?;
    ensure!(enforced == expected, "{:?}: the policy is enforced: {enforced}", options.cni);
    pods.curl("friend", &server).context("friends are let in by the policy")?;
    Ok(())
}

fn down_leaves_nothing() -> Result<()> {
    for name in [three_nodes().name, control_plane().name] {
        let Some(spec) = State::of(&name).spec() else { continue };
        let before = leftovers::of(&spec)?;
        ensure!(!before.is_empty(), "nothing of {name} is seen while it runs");
        let others = alive_besides(&name);
        let started = Instant::now();
        down(&name)?;
        eprintln!("down of {name} took {}", seconds(started.elapsed()));
        leftovers::assert_none(&spec)?;
        ensure!(alive_besides(&name) == others, "down of {name} ended processes of other clusters");
    }
    Ok(())
}

/// The living processes of all clusters but one.
fn alive_besides(name: &str) -> Vec<Identity> {
    let others = state::names().into_iter().filter(|other| other != name);
    let processes = others.flat_map(|other| process::recorded(&State::of(&other)));
    processes.filter(Process::is_alive).map(|process| process.identity).collect()
}

//! The order in which a cluster comes up.

use std::fs;
use std::path::PathBuf;
use std::thread::{Scope, ScopedJoinHandle};

use anyhow::{Context, Result, ensure};

use super::build::{self, Programs};
use super::kubeconfig::From;
use super::process::Process;
use super::slot::NodeIndex;
use super::state::{self, State};
use super::{
    Cluster, Cni, Options, Running, cgroup, cilium, control_plane, dns, kubeconfig, network, node,
    pki, process, teardown,
};
use crate::command;
use crate::host::{self, Tool};
use crate::image::{self, Archive, Image};
use crate::progress::Progress;

/// What a cluster is started from.
#[derive(Debug)]
pub(crate) struct Prepared {
    programs: Programs,
    images: Vec<Archive>,
}

impl Prepared {
    /// Everything in the cache that it is made of.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let images = self.images.iter().map(|image| image.path.clone());
        self.programs.folders().into_iter().chain(images).collect()
    }
}

/// See [`super::require`].
pub(crate) fn require(options: &Options, beside: &[&[Tool]]) -> Result<()> {
    let mut tools = vec![host::BUILD, host::CONTROL_PLANE];
    if options.nodes > 0 {
        tools.extend([host::IMAGES, host::NODES]);
    }
    if options.cni == Cni::Cilium {
        tools.push(host::CILIUM);
    }
    tools.extend(beside);
    let findings = [host::require_root("up"), host::require(&tools), host::require_go()];
    let missing = findings.into_iter().filter_map(Result::err);
    let missing: Vec<String> = missing.map(|error| format!("{error:#}")).collect();
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    Ok(())
}

/// Builds what is not in the cache.
pub(crate) fn prepare(options: &Options) -> Result<Prepared> {
    let programs = build::build(options)?;
    let images = if options.nodes == 0 { &[][..] } else { &Image::FOR_NODES };
    let images = images.iter().map(|image| image::get(*image)).collect::<Result<_>>()?;
    Ok(Prepared { programs, images })
}

/// See [`super::up`].
pub(crate) fn up(options: &Options) -> Result<Running> {
    require(options, &[])?;
    let Prepared { programs, images } = prepare(options)?;
    let running = Running::of(&options.name, &programs);
    let _lock = State::lock(&options.name)?;
    let digests = images.iter().map(|image| image.digest.clone()).collect::<Vec<_>>();
    if is_up(options, &programs, &digests) {
        return Ok(running);
    }
    let old = State::of(&options.name);
    if old.exists() {
        let progress =
            Progress::start(format!("removing what is left of cluster {}", options.name));
        teardown::remove(&old)?;
        progress.done();
    }
    let progress = Progress::start(format!("starting cluster {}", options.name));
    let (state, spec) = state::create_in_free_slot(options, programs.folders(), digests)?;
    let cluster = Cluster { spec, state, programs };
    create_files(&cluster)?;
    start(&cluster, &images, &progress)?;
    cluster.state.set_complete()?;
    progress.done();
    Ok(running)
}

/// Whether exactly this cluster runs, all of it.
fn is_up(options: &Options, programs: &Programs, images: &[String]) -> bool {
    let state = State::of(&options.name);
    let Some(spec) = state.spec().filter(|_| state.is_complete()) else { return false };
    let same = spec.nodes == options.nodes
        && spec.cni == options.cni
        && spec.controllers == options.controllers()
        && spec.binaries == programs.folders()
        && spec.images == images;
    let alive = process::recorded(&state).iter().all(Process::is_alive);
    same && alive && control_plane::is_ready(&Cluster { spec, state, programs: programs.clone() })
}

/// Everything that is needed before the first process.
fn create_files(cluster: &Cluster) -> Result<()> {
    let Cluster { spec, state, .. } = cluster;
    cgroup::create(spec.slot, spec.node_indices())?;
    pki::create(cluster)?;
    kubeconfig::create(state, spec, "admin", From::Host)?;
    kubeconfig::create(state, spec, "controller-manager", From::Host)?;
    if spec.nodes == 0 {
        return Ok(());
    }
    for (user, from) in [("scheduler", From::Host), ("proxy", From::Node), ("network", From::Node)]
    {
        kubeconfig::create(state, spec, user, from)?;
    }
    for index in spec.node_indices() {
        kubeconfig::create(state, spec, &format!("node{index}"), From::Node)?;
    }
    network::create_bridge(cluster)?;
    node::create_mount_folder(cluster)?;
    copy_cni_plugins(cluster)
}

/// Into a folder of the cluster's own, since Cilium adds one.
fn copy_cni_plugins(cluster: &Cluster) -> Result<()> {
    let folder = cluster.state.cni_plugins();
    let mut copy = cluster.launcher().command("cp");
    copy.args(["--recursive", host::CNI_PLUGINS]).arg(&folder);
    command::run(&mut copy).context("cannot copy the CNI plugins")?;
    if let Some(programs) = &cluster.programs.cilium {
        fs::copy(programs.join("cilium-cni"), folder.join("cilium-cni"))?;
    }
    Ok(())
}

/// Two steps, each as wide as the cluster: what needs no API server beside the control plane, then
/// the nodes' own agents beside the images for them.
fn start(cluster: &Cluster, images: &[Archive], progress: &Progress) -> Result<()> {
    progress.update("control plane");
    std::thread::scope(|scope| {
        let runtimes = each_node(scope, cluster, |index| node::start_runtime(cluster, index));
        control_plane::start(cluster)?;
        joined(runtimes)
    })?;
    if cluster.spec.nodes == 0 {
        return Ok(());
    }
    progress.update("nodes");
    let archives: Vec<PathBuf> = images.iter().map(|image| image.path.clone()).collect();
    let operator = cluster.programs.cilium.as_deref();
    let operator =
        operator.map(|programs| cilium::start_operator(cluster, programs)).transpose()?;
    std::thread::scope(|scope| {
        let imports = each_node(scope, cluster, |index| import(cluster, index, &archives));
        let nodes = each_node(scope, cluster, move |index| join(cluster, index, operator.clone()));
        let coredns = dns::start(cluster)?;
        for (index, processes) in cluster.spec.node_indices().zip(joined(nodes)?) {
            let processes: Vec<&Process> = processes.iter().chain([&coredns]).collect();
            dns::wait_on_node(cluster, index, &processes)?;
        }
        joined(imports).map(drop)
    })
}

fn import(cluster: &Cluster, index: NodeIndex, archives: &[PathBuf]) -> Result<()> {
    archives.iter().try_for_each(|archive| node::import_image(cluster, index, archive))
}

/// Starts a node's agents, and waits until it takes pods. Returns what its Services depend on.
fn join(cluster: &Cluster, index: NodeIndex, operator: Option<Process>) -> Result<Vec<Process>> {
    let mut processes: Vec<Process> = node::join(cluster, index)?.into();
    processes.extend(operator);
    if let Some(programs) = cluster.programs.cilium.as_deref() {
        processes.push(cilium::start_agent(cluster, programs, index)?);
        cilium::wait_on_node(cluster, programs, index, &processes)?;
    }
    node::wait_ready(cluster, index, &processes)?;
    Ok(processes)
}

type Jobs<'scope, T> = Vec<ScopedJoinHandle<'scope, Result<T>>>;

fn each_node<'scope, 'env, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    cluster: &'env Cluster,
    work: impl Fn(NodeIndex) -> Result<T> + Clone + Send + 'scope,
) -> Jobs<'scope, T> {
    let spawn = |index| {
        let work = work.clone();
        scope.spawn(move || work(index))
    };
    cluster.spec.node_indices().map(spawn).collect()
}

/// What several threads return, or the first error, once all have ended.
fn joined<T>(jobs: Jobs<'_, T>) -> Result<Vec<T>> {
    let results: Vec<Result<T>> =
        jobs.into_iter().map(|job| job.join().expect("starting does not panic")).collect();
    results.into_iter().collect()
}

//! `cargo xtask demo`: from a fresh clone to everything once on screen.

mod server;
mod stage;
mod walk;

use std::{
    net::{IpAddr, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};

use self::stage::Stage;
use crate::{
    cargo::{self, Part},
    cluster,
    existing::Existing,
    host, progress,
    workspace::root,
};

/// Arguments of `cargo xtask demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Leave the cluster up at the end and say how to use it
    #[arg(long, conflicts_with = "kubeconfig")]
    keep: bool,
    /// Use the cluster of this kubeconfig instead of a throwaway one
    #[arg(long, value_name = "FILE", requires = "context")]
    kubeconfig: Option<PathBuf>,
    /// The context to use in it; the current context is never used unasked
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    context: Option<String>,
}

const NAMESPACE: &str = "kubectl-pods-demo";
/// The name of the throwaway cluster.
const CLUSTER: &str = "demo";

/// Runs the demo.
///
/// # Errors
///
/// When a scene does not end as it should; says which command it was and where the cluster's logs are.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    std::env::set_current_dir(root())?;
    match (&args.kubeconfig, &args.context) {
        (Some(kubeconfig), Some(context)) => {
            let stage = stage_without_cluster()?;
            walk::without_cluster(&stage)?;
            on_existing_cluster(stage, kubeconfig, context)
        }
        _ => on_own_cluster(args.keep),
    }
}

fn stage_without_cluster() -> anyhow::Result<Stage> {
    println!("# Building kubectl-pods (some minutes the first time) …");
    Stage::without_cluster(cargo::build(Part::Plugin)?.plugin()?)
}

/// Kubernetes is built beside the plugin, since neither keeps all CPUs busy to its end. While that goes on, what needs no
/// cluster is shown already; also where there can be none.
fn on_own_cluster(keep: bool) -> anyhow::Result<()> {
    let options =
        cluster::Options { name: CLUSTER.to_owned(), nodes: 2, ..cluster::Options::default() };
    let able = cluster::require(&options, &[host::PROMETHEUS]);
    progress::share_terminal();
    let building = able.map(|()| {
        let options = options.clone();
        thread::spawn(move || cluster::build(&options))
    });
    let stage = stage_without_cluster()?;
    walk::without_cluster(&stage)?;
    let building = building?;
    if !building.is_finished() {
        println!(
            "\n# The test cluster's programs are still being built: the first time Kubernetes from its Go modules, for some minutes …"
        );
    }
    building.join().map_err(|_| anyhow::anyhow!("the build of Kubernetes panicked"))??;
    let lease = cluster::Lease::take(CLUSTER)?;
    if keep {
        return and_keep(&lease, &options, stage);
    }
    lease.with_cluster(&options, |running| {
        let stage = stage.with_cluster(&running.bin, &running.kubeconfig, NAMESPACE);
        clear_namespace(&stage)?;
        in_namespace(&stage, own_scenes)
    })?;
    println!("\n# The cluster is gone. Run `cargo xtask demo --keep` to keep it.");
    Ok(())
}

/// The same on a cluster that stays up, with the article's servers in it.
fn and_keep(
    lease: &cluster::Lease,
    options: &cluster::Options,
    stage: Stage,
) -> anyhow::Result<()> {
    let running = lease.up(options)?;
    let stage = stage.with_cluster(&running.bin, &running.kubeconfig, NAMESPACE);
    let outcome = clear_namespace(&stage)
        .and_then(|()| create_namespace(&stage))
        .and_then(|()| own_scenes(&stage))
        .and_then(|()| walk::servers_again(&stage));
    println!("\n# The cluster stays up. To use it:\n");
    println!("  eval \"$(cargo xtask cluster env --name {CLUSTER})\"");
    println!("  export PATH=\"{}:$PATH\"", stage.plugin_folder().display());
    println!("  kubectl pods -n {NAMESPACE}");
    println!("\n# To remove it: cargo xtask cluster down --name {CLUSTER}");
    outcome.with_context(|| format!("the cluster's logs are in {}", running.logs().display()))
}

fn on_existing_cluster(stage: Stage, kubeconfig: &Path, context: &str) -> anyhow::Result<()> {
    let existing = Existing::copy(kubeconfig, context, Path::new("kubectl"))?;
    let bin = existing.kubectl.parent().unwrap_or(Path::new("/"));
    let stage = stage.with_cluster(bin, &existing.kubeconfig(), NAMESPACE);
    refuse_to_share(&stage)?;
    let _undo = existing.undo(&["delete", "namespace", NAMESPACE, "--ignore-not-found"])?;
    in_namespace(&stage, existing_scenes)
}

/// On a cluster that somebody else started, the pods' addresses may lead nowhere from here.
fn existing_scenes(stage: &Stage) -> anyhow::Result<()> {
    walk::article(stage)?;
    walk::probe(stage)?;
    let path = "-o jsonpath={.status.podIP}";
    let address = stage.ask(&format!("kubectl get pod nginx-ser -n {NAMESPACE} {path}"))?;
    if is_reachable(&address) {
        host::require(&[host::PROMETHEUS])?;
        return walk::monitor(stage);
    }
    Stage::say(&format!(
        "Left out: the standing probe with Prometheus. It would run on this machine, which has no way to the pods' \
         addresses ({address} port 80 does not answer); docs/cluster.md says how to give it a route."
    ));
    Ok(())
}

fn is_reachable(address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    TcpStream::connect_timeout(&(address, 80).into(), Duration::from_secs(3)).is_ok()
}

fn own_scenes(stage: &Stage) -> anyhow::Result<()> {
    walk::article(stage)?;
    walk::probe(stage)?;
    walk::monitor(stage)
}

/// A namespace that somebody else made is not ours to fill and to delete.
fn refuse_to_share(stage: &Stage) -> anyhow::Result<()> {
    if stage.ask(&format!("kubectl get namespace {NAMESPACE} --output name")).is_ok() {
        bail!(
            "namespace {NAMESPACE} exists already: delete it with `kubectl delete namespace {NAMESPACE}`"
        );
    }
    Ok(())
}

/// On a cluster of ours whatever is in the namespace is of an earlier demo that was to keep it.
fn clear_namespace(stage: &Stage) -> anyhow::Result<()> {
    stage.ask(&format!("kubectl delete namespace {NAMESPACE} --ignore-not-found")).map(drop)
}

fn create_namespace(stage: &Stage) -> anyhow::Result<()> {
    stage.show(&format!("kubectl create namespace {NAMESPACE}"))
}

/// Everything that needs a cluster, in a namespace that is removed whatever happens.
fn in_namespace(
    stage: &Stage,
    scenes: impl FnOnce(&Stage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    create_namespace(stage)?;
    let outcome = scenes(stage);
    let removed = stage.show(&format!("kubectl delete namespace {NAMESPACE}"));
    outcome.and(removed)
}

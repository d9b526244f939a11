//! `cargo xtask test`: unit tests, then each kind of cluster with the tests that need it, one after the other so that
//! two cores are enough.

mod demo;
mod kind;
mod selection;
mod totals;

use std::{
    io::{BufRead as _, BufReader},
    num::NonZero,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};

use self::{
    kind::Kind,
    selection::{is_demo, is_self_test, names_a_module, selection},
    totals::Totals,
};
use crate::{cargo::cargo, cluster, command, existing::Existing, host, interrupt::Scratch};

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// Run only tests whose path contains this: `nodes::curl`, `control_plane`, `target_from_str`; `cluster` is the
    /// self-test of the clusters, `demo` the demo
    filter: Option<String>,
    /// Only what needs no cluster
    #[arg(long)]
    fast: bool,
    /// Run what needs no cluster, and the `nodes` tests against the cluster of this kubeconfig; start no cluster
    #[arg(long, value_name = "FILE", requires = "context")]
    kubeconfig: Option<PathBuf>,
    /// The context to use in it; the current context is never used unasked
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    context: Option<String>,
    /// kubectl to compare with on that cluster
    #[arg(long, value_name = "FILE", requires = "kubeconfig", default_value = "kubectl")]
    kubectl: PathBuf,
}

impl TestArgs {
    /// Every test, on clusters of our own.
    pub(crate) fn everything() -> Self {
        Self {
            filter: None,
            fast: false,
            kubeconfig: None,
            context: None,
            kubectl: "kubectl".into(),
        }
    }
}

/// What the runs of tests came to.
#[derive(Debug)]
struct Outcome {
    totals: Totals,
    failures: Vec<String>,
    /// The tests' temporary files are in here: those of tests that are interrupted go with ours.
    temporary: Scratch,
}

/// Runs the tests.
///
/// # Errors
///
/// When a test fails, a cluster cannot be made, or the filter fits no test.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    let filter = args.filter.as_deref();
    let mut outcome =
        Outcome { totals: Totals::default(), failures: Vec::new(), temporary: Scratch::new()? };
    let own = !args.fast && args.kubeconfig.is_none();
    if own && filter.is_none() {
        require_everything()?;
    }
    for (title, tools, mut command) in without_cluster(filter) {
        headline(title);
        let done = host::require(&[tools]).and_then(|()| outcome.collect(&mut command));
        outcome.note(title, done);
    }
    match (&args.kubeconfig, &args.context) {
        _ if args.fast => {}
        (Some(kubeconfig), Some(context)) => {
            let existing = Existing::copy(kubeconfig, context, &args.kubectl)?;
            on_existing(&existing, filter, &mut outcome)?;
            println!("\n{NOT_ON_EXISTING}");
        }
        _ => on_our_clusters(filter, &mut outcome),
    }
    outcome.finish(filter)
}

/// What is missing is said before anything is built, and all of it at once: nodes with Cilium want all that the other
/// clusters want.
fn require_everything() -> anyhow::Result<()> {
    cluster::require(&Kind::Cilium.options(), &[host::LAB, host::PROMETHEUS])
}

/// What an existing cluster is not asked for.
const NOT_ON_EXISTING: &str = "\
not run, since --kubeconfig names a cluster and none is started beside it:
  control_plane  makes up nodes and pods, for which it wants an API server without kubelets
  cilium         asserts that policies are enforced, by the Cilium of our own cluster
  nodes::policy  asserts that policies are not enforced, by the bridge of our own cluster
  cluster        is the self-test of our own clusters
  demo           has a cluster of its own; `cargo xtask demo` takes --kubeconfig too";

/// The test that holds on our own bridge network and says nothing about another.
const OWN_NETWORK_ONLY: &str = "nodes::policy";

/// The label by which the namespaces of one run are known; its value is the environment variable
/// `KUBECTL_PODS_TEST_RUN`.
const NAMESPACE_LABEL: &str = "kubectl-pods-test-run";

/// The `nodes` tests on a cluster that somebody else started.
fn on_existing(
    existing: &Existing,
    filter: Option<&str>,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let Some(selection) = selection(Kind::Nodes.module(), filter) else { return Ok(()) };
    if !has_tests(Kind::Nodes, filter)? {
        return Ok(());
    }
    host::require(&[host::PROMETHEUS])?;
    headline("integration: nodes of an existing cluster");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let run = format!("{:x}-{:x}", std::process::id(), now.as_micros());
    let ours = format!("--selector={NAMESPACE_LABEL}={run}");
    let _undo = existing.undo(&["delete", "namespaces", &ours])?;
    let mut command = integration(&selection);
    command
        .arg(more_at_a_time())
        .args(["--skip", OWN_NETWORK_ONLY])
        .env(Kind::Nodes.variable(), existing.kubeconfig())
        .env("KUBECTL_PODS_TEST_KUBECTL", &existing.kubectl)
        .env("KUBECTL_PODS_TEST_RUN", run);
    outcome.collect(&mut command)
}

fn on_our_clusters(filter: Option<&str>, outcome: &mut Outcome) {
    if !is_self_test(filter) && !is_demo(filter) {
        for kind in Kind::ALL {
            let done = with_cluster(kind, filter, outcome);
            outcome.note(kind.title(), done);
        }
    }
    if filter.is_none() || is_demo(filter) {
        headline("the demo");
        outcome.count("cargo xtask demo --keep", demo::run());
    }
    if filter.is_none() || is_self_test(filter) {
        headline("the test cluster itself");
        outcome.count("cargo xtask cluster self-test", cluster::self_test::run(true));
    }
}

/// Titles of test runs, what the machine must have for them, and their commands.
fn without_cluster(filter: Option<&str>) -> Vec<(&'static str, &'static [host::Tool], Command)> {
    let mut commands = Vec::new();
    if is_self_test(filter) || is_demo(filter) {
        return commands;
    }
    if let Some(offline) = selection("offline::", filter) {
        commands.push(("integration: offline", &[][..], integration(&offline)));
    }
    if filter.is_some_and(names_a_module) {
        return commands;
    }
    let mut libraries = cargo();
    libraries.args([
        "test",
        "--workspace",
        "--exclude",
        "kubectl-pods",
        "--lib",
        "--bins",
        "--tests",
    ]);
    libraries.args(filter);
    let mut plugin = cargo();
    plugin.args(["test", "--package", "kubectl-pods", "--lib", "--bins"]).args(filter);
    commands.extend([
        ("probe, report, guests, xtask", host::LAB, libraries),
        ("plugin", &[][..], plugin),
    ]);
    commands
}

fn integration(selection: &[String]) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--package", "kubectl-pods", "--test", "integration", "--"])
        .args(selection);
    command
}

/// For tests that mostly wait for a cluster: twice as many at a time as there are CPUs.
fn more_at_a_time() -> String {
    format!("--test-threads={}", 2 * thread::available_parallelism().map_or(1, NonZero::get))
}

fn has_tests(kind: Kind, filter: Option<&str>) -> anyhow::Result<bool> {
    let Some(selection) = selection(kind.module(), filter) else { return Ok(false) };
    let tests = command::watched_output(integration(&selection).arg("--list"))?;
    Ok(tests.lines().any(|line| line.ends_with(": test")))
}

/// One kind of cluster and the tests that need it, if there are any.
fn with_cluster(kind: Kind, filter: Option<&str>, outcome: &mut Outcome) -> anyhow::Result<()> {
    if !has_tests(kind, filter)? {
        return Ok(());
    }
    headline(kind.title());
    let options = kind.options();
    if kind == Kind::Nodes {
        host::require(&[host::PROMETHEUS])?;
    }
    cluster::Lease::take(&options.name)?.with_cluster(&options, |running| {
        let mut command = integration(&selection(kind.module(), filter).unwrap_or_default());
        command
            .arg(more_at_a_time())
            .env(kind.variable(), &running.kubeconfig)
            .env("KUBECTL_PODS_TEST_KUBECTL", running.bin.join("kubectl"));
        let failures = outcome.failures.len();
        outcome.collect(&mut command)?;
        if outcome.failures.len() > failures {
            let kept = cluster::keep_logs(&options.name)?;
            outcome.failures.push(format!("its cluster's logs are in {}", kept.display()));
        }
        Ok(())
    })
}

impl Outcome {
    /// Something that is counted as one test.
    fn count(&mut self, what: &str, done: anyhow::Result<()>) {
        match done {
            Ok(()) => self.totals.passed += 1,
            Err(_) => self.totals.failed += 1,
        }
        self.note(what, done);
    }

    /// What could not be run has failed; what comes after it runs all the same.
    fn note(&mut self, what: &str, done: anyhow::Result<()>) {
        if let Err(error) = done {
            self.failures.push(format!("{what}: {error:#}"));
        }
    }

    /// Runs one `cargo test`, shows what it prints, and adds up what it says.
    fn collect(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let what = command::shown(command);
        let mut child = command
            .env("TMPDIR", self.temporary.path())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{what}`"))?;
        let stdout = child.stdout.take().expect("stdout is piped");
        for text in BufReader::new(stdout).lines() {
            let text = text?;
            println!("{text}");
            self.totals.add(&text);
        }
        if !child.wait()?.success() {
            self.failures.push(what);
        }
        Ok(())
    }

    /// Sums up, in our words and last in those of libtest.
    fn finish(&self, filter: Option<&str>) -> anyhow::Result<()> {
        if self.totals.ran() == 0 && self.failures.is_empty() {
            bail!("no test fits {:?}", filter.unwrap_or_default());
        }
        for failure in &self.failures {
            eprintln!("failed: {failure}");
        }
        println!("\n{}", self.totals);
        println!("{}", self.totals.closing(self.failures.is_empty()));
        if !self.failures.is_empty() {
            bail!("the test runs named above failed");
        }
        Ok(())
    }
}

fn headline(title: &str) {
    println!("\n== {title}");
}

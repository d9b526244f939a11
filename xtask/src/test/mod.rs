//! `cargo xtask test`: unit tests, then each kind of cluster with the tests that need it, one after the other so that
//! two cores are enough.

mod demo;
mod kind;
mod selection;
mod totals;

use std::{
    env,
    io::{BufRead as _, BufReader},
    num::NonZero,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use oci::Architecture;

use self::{
    kind::Kind,
    selection::{is_demo, is_self_test, names_a_module, selection},
    totals::Totals,
};
use crate::{
    cargo::{self, Built, Part, TestProgram},
    cluster, command,
    existing::Existing,
    host, image,
    interrupt::Scratch,
    steps::Steps,
    workspace,
};

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
struct Outcome<'a> {
    steps: &'a mut Steps,
    totals: Totals,
    failures: Vec<String>,
    /// The tests' temporary files are in here: those of tests that are interrupted go with ours.
    temporary: Scratch,
}

/// Runs the tests, as further `steps` of what was done before.
///
/// # Errors
///
/// When a test fails, a cluster cannot be made, or the filter fits no test.
pub(crate) fn run(args: &TestArgs, steps: &mut Steps) -> anyhow::Result<()> {
    let filter = args.filter.as_deref();
    let own = !args.fast && args.kubeconfig.is_none();
    if own && filter.is_none() {
        require_everything()?;
    }
    let temporary = Scratch::new()?;
    let mut outcome = Outcome { steps, totals: Totals::default(), failures: Vec::new(), temporary };
    if own && is_demo(filter) {
        outcome.demo();
    } else if own && is_self_test(filter) {
        outcome.self_test();
    } else {
        outcome.steps.begin("build");
        let built = cargo::build(part(filter))?;
        without_cluster(&built, filter, &mut outcome);
        match (&args.kubeconfig, &args.context) {
            _ if args.fast => {}
            (Some(kubeconfig), Some(context)) => {
                let existing = Existing::copy(kubeconfig, context, &args.kubectl)?;
                on_existing(&existing, &built, filter, &mut outcome)?;
                println!("\n{NOT_ON_EXISTING}");
            }
            _ => on_our_clusters(&built, filter, &mut outcome),
        }
    }
    outcome.finish(filter)
}

/// What a filter needs to be built.
fn part(filter: Option<&str>) -> Part {
    if filter.is_some_and(names_a_module) { Part::Integration } else { Part::All }
}

/// What is missing is said before anything is built, and all of it at once: nodes with Cilium want all that the other
/// clusters want.
fn require_everything() -> anyhow::Result<()> {
    cluster::require(&Kind::Cilium.options(), &[host::LAB, host::PROMETHEUS, host::REGISTRY])
}

/// What an existing cluster is not asked for.
const NOT_ON_EXISTING: &str = "\
not run, since --kubeconfig names a cluster and none is started beside it:
  control_plane  makes up nodes and pods, for which it wants an API server without kubelets
  cilium         asserts that policies are enforced, by the Cilium of our own cluster
  nodes::policy  asserts that policies are not enforced, by the bridge of our own cluster
  nodes::image   loads images into the containerd of a node of our own cluster
  nodes::health  runs the etcd of our own cluster, from the machine's disk
  nodes::causes::one_node  puts a rule into the firewall of a node of our own cluster
  cluster        is the self-test of our own clusters
  demo           has a cluster of its own; `cargo xtask demo` takes --kubeconfig too";

/// The tests that hold on our own network, or reach into our own nodes.
const OWN_CLUSTER_ONLY: [&str; 4] =
    ["nodes::policy", "nodes::image", "nodes::health", "nodes::causes::one_node"];

/// The label by which the namespaces of one run are known; its value is the environment variable
/// `KUBECTL_PODS_TEST_RUN`.
const NAMESPACE_LABEL: &str = "kubectl-pods-test-run";

/// The `nodes` tests on a cluster that somebody else started.
fn on_existing(
    existing: &Existing,
    built: &Built,
    filter: Option<&str>,
    outcome: &mut Outcome<'_>,
) -> anyhow::Result<()> {
    let Some(selection) = selection(Kind::Nodes.module(), filter) else { return Ok(()) };
    if !has_tests(built, Kind::Nodes, filter)? {
        return Ok(());
    }
    outcome.steps.begin("integration: nodes of an existing cluster");
    host::require(&[host::PROMETHEUS])?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let run = format!("{:x}-{:x}", std::process::id(), now.as_micros());
    let ours = format!("--selector={NAMESPACE_LABEL}={run}");
    let _undo = existing.undo(&["delete", "namespaces", &ours])?;
    let mut command = integration(built, &selection)?;
    command
        .arg(at_a_time(2))
        .args(OWN_CLUSTER_ONLY.iter().flat_map(|tests| ["--skip", tests]))
        .env(PLUGIN, carrying(built)?)
        .env(Kind::Nodes.variable(), existing.kubeconfig())
        .env("KUBECTL_PODS_TEST_KUBECTL", &existing.kubectl)
        .env("KUBECTL_PODS_TEST_RUN", run);
    outcome.collect(&mut command)
}

fn on_our_clusters(built: &Built, filter: Option<&str>, outcome: &mut Outcome<'_>) {
    for kind in Kind::ALL {
        let done = with_cluster(kind, built, filter, outcome);
        outcome.note(kind.title(), done);
    }
    if filter.is_none() {
        outcome.demo();
        outcome.self_test();
    }
}

/// Every test that needs no cluster, those of the plugin as a whole beside those of libraries and programs: most of them
/// wait for a limit to pass.
fn without_cluster(built: &Built, filter: Option<&str>, outcome: &mut Outcome<'_>) {
    let title = "what needs no cluster";
    outcome.steps.begin(title);
    let done =
        need_no_cluster(built, filter).and_then(|commands| outcome.collect_side_by_side(commands));
    outcome.note(title, done);
}

/// The programs of these tests, the one that takes longest first.
fn need_no_cluster(built: &Built, filter: Option<&str>) -> anyhow::Result<Vec<Command>> {
    let mut commands = Vec::new();
    if let Some(offline) = selection("offline::", filter) {
        let mut command = integration(built, &offline)?;
        command.arg(at_a_time(4));
        commands.push(command);
    }
    if !filter.is_some_and(names_a_module) {
        host::require(&[host::LAB])?;
        let integration = integration_program(built)?;
        let others = built.tests.iter().filter(|program| *program != integration);
        commands.extend(others.map(|program| {
            let mut command = program.command();
            command.args(filter);
            command
        }));
    }
    Ok(commands)
}

/// The tests that run the plugin. The harness beside them may come as a test program too, first or last.
fn integration_program(built: &Built) -> anyhow::Result<&TestProgram> {
    let folder = workspace::root().join("tests");
    let mut programs = built.tests.iter();
    let program =
        programs.find(|program| program.folder == folder && program.target == cargo::INTEGRATION);
    program.context("cargo built no tests of tests/")
}

fn integration(built: &Built, selection: &[String]) -> anyhow::Result<Command> {
    let mut command = integration_program(built)?.command();
    command.args(selection).env(PLUGIN, built.plugin()?);
    Ok(command)
}

/// Names the plugin to the tests.
const PLUGIN: &str = "KUBECTL_PODS_TEST_PLUGIN";

/// The plugin with a probe in it, for tests that have nodes: offline there is no use for one, and it takes a minute to
/// build.
fn carrying(built: &Built) -> anyhow::Result<PathBuf> {
    let plugin = built.plugin()?;
    image::attach(
        plugin,
        &image::carried(&[Architecture::Amd64])?,
        &plugin.with_file_name("carrying"),
    )
}

/// Programs of tests that run at the same time where no cluster is needed.
const LANES: usize = 3;

/// For tests that mostly wait, for a limit or for a cluster: so many at a time for each CPU.
fn at_a_time(tests: usize) -> String {
    format!("--test-threads={}", tests * thread::available_parallelism().map_or(1, NonZero::get))
}

/// Names the socket of each node's containerd to the tests.
const CONTAINERDS: &str = "KUBECTL_PODS_TEST_CONTAINERDS";

fn has_tests(built: &Built, kind: Kind, filter: Option<&str>) -> anyhow::Result<bool> {
    let Some(selection) = selection(kind.module(), filter) else { return Ok(false) };
    let tests = command::output(integration(built, &selection)?.arg("--list"))?;
    Ok(tests.lines().any(|line| line.ends_with(": test")))
}

/// One kind of cluster and the tests that need it, if there are any.
fn with_cluster(
    kind: Kind,
    built: &Built,
    filter: Option<&str>,
    outcome: &mut Outcome<'_>,
) -> anyhow::Result<()> {
    if !has_tests(built, kind, filter)? {
        return Ok(());
    }
    let options = kind.options();
    if kind == Kind::Nodes {
        host::require(&[host::PROMETHEUS, host::REGISTRY])?;
    }
    outcome.steps.begin(&format!("{}: its programs and images", kind.title()));
    cluster::build(&options)?;
    outcome.steps.begin(kind.title());
    cluster::Lease::take(&options.name)?.with_cluster(&options, |running| {
        let selection = selection(kind.module(), filter).unwrap_or_default();
        let mut command = integration(built, &selection)?;
        command
            .arg(at_a_time(2))
            .env(kind.variable(), &running.kubeconfig)
            .env("KUBECTL_PODS_TEST_KUBECTL", running.bin.join("kubectl"));
        if kind != Kind::ControlPlane {
            command
                .env(PLUGIN, carrying(built)?)
                .env(CONTAINERDS, env::join_paths(running.containerds()?)?);
        }
        let failures = outcome.failures.len();
        outcome.collect(&mut command)?;
        if outcome.failures.len() > failures {
            let kept = cluster::keep_logs(&options.name)?;
            outcome.failures.push(format!("its cluster's logs are in {}", kept.display()));
        }
        Ok(())
    })
}

impl Outcome<'_> {
    fn demo(&mut self) {
        self.steps.begin("the demo");
        self.count("cargo xtask demo --keep", demo::run());
    }

    fn self_test(&mut self) {
        self.steps.begin("the test cluster itself");
        let extent = cluster::self_test::Extent { all: false, cilium: true };
        self.count("cargo xtask cluster self-test", cluster::self_test::run(extent));
    }

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

    /// Runs programs of tests, some at a time. What each prints is shown when it has ended.
    fn collect_side_by_side(&mut self, commands: Vec<Command>) -> anyhow::Result<()> {
        let temporary = self.temporary.path();
        let commands = Mutex::new(commands.into_iter());
        let next = || commands.lock().expect("an iterator does not panic").next();
        let (sender, results) = mpsc::channel();
        let lane = |sender: mpsc::Sender<_>| {
            while let Some(mut command) = next() {
                let what = command::shown(&command);
                let output = command.env("TMPDIR", temporary).stderr(Stdio::inherit()).output();
                if sender.send((what, output)).is_err() {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            for sender in vec![sender; LANES] {
                scope.spawn(|| lane(sender));
            }
            for (what, output) in results {
                let output = output.with_context(|| format!("cannot start `{what}`"))?;
                println!("\n{what}");
                for text in String::from_utf8_lossy(&output.stdout).lines() {
                    println!("{text}");
                    self.totals.add(text);
                }
                if !output.status.success() {
                    self.failures.push(what);
                }
            }
            Ok(())
        })
    }

    /// Runs one program of tests, shows what it prints, and adds up what it says.
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
    fn finish(&mut self, filter: Option<&str>) -> anyhow::Result<()> {
        self.steps.end();
        if self.totals.ran() == 0 && self.failures.is_empty() {
            bail!("no test fits {:?}", filter.unwrap_or_default());
        }
        for failure in &self.failures {
            eprintln!("failed: {failure}");
        }
        println!("\n{}\n\n{}", self.steps, self.totals);
        println!("{}", self.totals.closing(self.failures.is_empty()));
        if !self.failures.is_empty() {
            bail!("the test runs named above failed");
        }
        Ok(())
    }
}

//! `cargo xtask test`: unit tests, then each kind of cluster with the tests that need it, one after the other so that
//! two cores are enough.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{
    cargo::cargo,
    cluster::{self, Cni},
    command, host,
};

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// Run only tests whose path contains this: `nodes::curl`, `control_plane`, `target_from_str`
    filter: Option<String>,
    /// Only what needs no cluster
    #[arg(long)]
    fast: bool,
    /// Run the `nodes` tests against the cluster of this kubeconfig instead of one of our own
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

/// The kinds of cluster that integration tests ask for; the name is their module in `tests/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ControlPlane,
    Nodes,
    Cilium,
}

/// What all test runs said together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Totals {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Runs the tests.
///
/// # Errors
///
/// When a test fails, a cluster cannot be made, or the filter fits no test.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    let mut totals = Totals::default();
    let mut failures = Vec::new();
    for (title, mut command) in without_cluster(args) {
        headline(title);
        collect(&mut command, &mut totals, &mut failures)?;
    }
    if !args.fast {
        for kind in Kind::ALL {
            if has_tests(kind, args.filter.as_deref())? {
                headline(kind.title());
                with_cluster(kind, args, &mut totals, &mut failures)?;
            }
        }
        if args.filter.is_none() {
            headline("the test cluster itself");
            test_the_cluster(&mut totals, &mut failures);
        }
    }
    finish(args, totals, &failures)
}

fn without_cluster(args: &TestArgs) -> Vec<(&'static str, Command)> {
    let filter = args.filter.as_deref();
    let mut commands = Vec::new();
    if let Some(offline) = selection("offline::", filter) {
        commands.push(("integration: offline", integration(&offline)));
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
    commands.extend([("probe, report, guests, xtask", libraries), ("plugin", plugin)]);
    commands
}

/// The modules of the integration tests.
const MODULES: [&str; 4] = ["offline::", "control_plane::", "nodes::", "cilium::"];

/// Whether a filter names a module of the integration tests or something in one.
fn names_a_module(filter: &str) -> bool {
    MODULES.iter().any(|module| format!("{filter}::").starts_with(module))
}

/// The filter for the tests of one module, or nothing when `filter` asks for another module.
fn selection(module: &str, filter: Option<&str>) -> Option<Vec<String>> {
    match filter {
        None => Some(vec![module.to_owned()]),
        Some(filter) if format!("{filter}::").starts_with(module) => Some(vec![filter.to_owned()]),
        Some(filter) if names_a_module(filter) => None,
        // libtest takes one substring; the others are skipped by name.
        Some(filter) => {
            let others = MODULES.iter().filter(|kind| **kind != module);
            let skips = others.flat_map(|kind| ["--skip".to_owned(), (*kind).to_owned()]);
            Some(std::iter::once(filter.to_owned()).chain(skips).collect())
        }
    }
}

fn integration(selection: &[String]) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--package", "kubectl-pods", "--test", "integration", "--"])
        .args(selection);
    command
}

fn has_tests(kind: Kind, filter: Option<&str>) -> anyhow::Result<bool> {
    let Some(selection) = selection(kind.module(), filter) else { return Ok(false) };
    let mut command = integration(&selection);
    command.arg("--list").stderr(Stdio::null());
    let output =
        command.output().with_context(|| format!("cannot start `{}`", command::shown(&command)))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().any(|line| line.ends_with(": test")))
}

fn with_cluster(
    kind: Kind,
    args: &TestArgs,
    totals: &mut Totals,
    failures: &mut Vec<String>,
) -> anyhow::Result<()> {
    let selection = selection(kind.module(), args.filter.as_deref()).unwrap_or_default();
    let mut command = integration(&selection);
    if let (Kind::Nodes, Some(kubeconfig), Some(context)) = (kind, &args.kubeconfig, &args.context)
    {
        command
            .env(kind.variable(), kubeconfig)
            .env("KUBECTL_PODS_TEST_CONTEXT", context)
            .env("KUBECTL_PODS_TEST_KUBECTL", &args.kubectl);
        return collect(&mut command, totals, failures);
    }
    let options = kind.options();
    if kind == Kind::Nodes {
        host::require(&[host::PROMETHEUS])?;
    }
    let running = cluster::up(&options)?;
    command
        .env(kind.variable(), &running.kubeconfig)
        .env("KUBECTL_PODS_TEST_KUBECTL", running.bin.join("kubectl"));
    let outcome = collect(&mut command, totals, failures);
    cluster::down(&options.name)?;
    outcome
}

/// `cargo xtask cluster self-test`, counted as one test.
fn test_the_cluster(totals: &mut Totals, failures: &mut Vec<String>) {
    match cluster::self_test::run(true) {
        Ok(()) => totals.passed += 1,
        Err(error) => {
            totals.failed += 1;
            failures.push(format!("cargo xtask cluster self-test: {error:#}"));
        }
    }
}

/// Runs one `cargo test`, shows what it prints, and adds up what it says.
fn collect(
    command: &mut Command,
    totals: &mut Totals,
    failures: &mut Vec<String>,
) -> anyhow::Result<()> {
    let what = command::shown(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{what}`"))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    for text in BufReader::new(stdout).lines() {
        let text = text?;
        println!("{text}");
        totals.add(&text);
    }
    if !child.wait()?.success() {
        failures.push(what);
    }
    Ok(())
}

fn finish(args: &TestArgs, totals: Totals, failures: &[String]) -> anyhow::Result<()> {
    if totals.passed + totals.failed == 0 {
        bail!("no test fits {:?}", args.filter.as_deref().unwrap_or_default());
    }
    for failure in failures {
        eprintln!("failed: {failure}");
    }
    println!("\n{} passed, {} failed, {} skipped", totals.passed, totals.failed, totals.ignored);
    if !failures.is_empty() {
        bail!("{} of the test runs above failed", failures.len());
    }
    Ok(())
}

fn headline(title: &str) {
    println!("\n== {title}");
}

impl Totals {
    /// Adds a closing line of libtest: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or(result, |(_, counts)| counts);
        for part in counts.split("; ") {
            let mut words = part.split(' ');
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

impl Kind {
    const ALL: [Self; 3] = [Self::ControlPlane, Self::Nodes, Self::Cilium];

    const fn module(self) -> &'static str {
        match self {
            Self::ControlPlane => "control_plane::",
            Self::Nodes => "nodes::",
            Self::Cilium => "cilium::",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::ControlPlane => "KUBECTL_PODS_TEST_CONTROL_PLANE",
            Self::Nodes => "KUBECTL_PODS_TEST_NODES",
            Self::Cilium => "KUBECTL_PODS_TEST_CILIUM",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::ControlPlane => "integration: control plane only",
            Self::Nodes => "integration: two nodes",
            Self::Cilium => "integration: two nodes with Cilium",
        }
    }

    fn options(self) -> cluster::Options {
        let (name, nodes, cni) = match self {
            Self::ControlPlane => ("test-control-plane", 0, Cni::Bridge),
            Self::Nodes => ("test-nodes", 2, Cni::Bridge),
            Self::Cilium => ("test-cilium", 2, Cni::Cilium),
        };
        cluster::Options { name: name.to_owned(), nodes, cni, ..cluster::Options::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Totals, selection};

    #[test]
    fn closing_lines_add_up() {
        let mut totals = Totals::default();
        totals.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out");
        totals
            .add("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        totals.add("test offline::x ... ok");
        assert_eq!(totals, Totals { passed: 4, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_filter_selects_modules() {
        let words =
            |words: &[&str]| Some(words.iter().map(ToString::to_string).collect::<Vec<_>>());
        let skips = ["--skip", "offline::", "--skip", "control_plane::", "--skip", "cilium::"];
        let cases = [
            (None, words(&["nodes::"])),
            (Some("nodes"), words(&["nodes"])),
            (Some("nodes::curl"), words(&["nodes::curl"])),
            (Some("offline::guest"), None),
            (Some("ctrl_c"), words(&[&["ctrl_c"][..], &skips].concat())),
        ];
        for (filter, expected) in cases {
            assert_eq!(selection("nodes::", filter), expected, "{filter:?}");
        }
    }
}

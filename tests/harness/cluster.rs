//! The cluster under a test, as `cargo xtask test` made it or `--kubeconfig` named it.

use std::{
    env,
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

use super::{Command, Plugin, Run, wait_until};

/// Every kind of thing that a verb of ours makes, or has the cluster make.
const OURS: &str = "jobs,daemonsets,controllerrevisions,configmaps,services,pods";

/// A cluster and the kubectl that goes with it.
#[derive(Clone)]
pub struct Cluster {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
}

impl Cluster {
    /// An API server without nodes.
    pub fn control_plane() -> Self {
        Self::from_env("KUBECTL_PODS_TEST_CONTROL_PLANE", "control_plane")
    }

    /// Two nodes whose CNI enforces no NetworkPolicy.
    pub fn nodes() -> Self {
        Self::from_env("KUBECTL_PODS_TEST_NODES", "nodes")
    }

    /// Two nodes with IPv6 beside IPv4.
    pub fn dual_stack() -> Self {
        Self::from_env("KUBECTL_PODS_TEST_DUAL_STACK", "dual_stack")
    }

    /// Two nodes whose CNI enforces NetworkPolicy.
    pub fn cilium() -> Self {
        Self::from_env("KUBECTL_PODS_TEST_CILIUM", "cilium")
    }

    fn from_env(variable: &str, kind: &str) -> Self {
        let Some(kubeconfig) = env::var_os(variable) else {
            panic!(
                "this test needs a cluster and {variable} names none: run `cargo xtask test {kind}`"
            );
        };
        let kubectl = env::var_os("KUBECTL_PODS_TEST_KUBECTL")
            .expect("KUBECTL_PODS_TEST_KUBECTL names the kubectl to compare with");
        Self { kubeconfig: kubeconfig.into(), kubectl: kubectl.into() }
    }

    /// The kubeconfig file of this cluster.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// kubectl on this cluster. What it knows of the API from one run, it need not ask for in the next.
    pub fn kubectl<I: IntoIterator<Item: Into<String>>>(&self, args: I) -> Command {
        static CACHE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
        let cache = CACHE.path().display().to_string();
        self.on(Command::new(&self.kubectl)).env("KUBECACHEDIR", cache).args(args)
    }

    /// The plugin, started directly. What it hands over goes to the kubectl that we compare with.
    pub fn pods<I: IntoIterator<Item: Into<String>>>(&self, args: I) -> Command {
        let kubectl = self.kubectl.display().to_string();
        self.on(Plugin::command()).env("KUBECTL_PATH", kubectl).args(args)
    }

    /// The plugin, started by kubectl: `kubectl pods …`. Both are on the PATH, and nothing else says where kubectl is.
    pub fn kubectl_pods<I: IntoIterator<Item: Into<String>>>(&self, args: I) -> Command {
        let plugin = Plugin::path();
        let folders = [&plugin, &self.kubectl].map(|file| file.parent().expect("a folder"));
        let [plugin, kubectl] = folders.map(Path::display);
        let path = format!("{plugin}:{kubectl}:/usr/bin:/bin");
        let args = args.into_iter().map(Into::into);
        self.on(Command::new(&self.kubectl))
            .env("PATH", path)
            .args(["pods".to_owned()].into_iter().chain(args))
    }

    /// A program of the cluster's own that lies beside its kubectl.
    pub fn program(&self, name: &str) -> PathBuf {
        self.kubectl.with_file_name(name)
    }

    /// Names of its nodes, without virtual ones, which a test beside may have made up.
    pub fn node_names(&self) -> Vec<String> {
        let path = "jsonpath={.items[*].metadata.name}";
        let machines = ["get", "nodes", "-l", "type!=virtual-kubelet", "-o", path];
        let names = self.kubectl(machines).run().success().stdout;
        names.split_whitespace().map(str::to_owned).collect()
    }

    fn on(&self, command: Command) -> Command {
        command.env("KUBECONFIG", self.kubeconfig.display().to_string())
    }

    /// A namespace of this test's own, deleted when it is dropped.
    pub fn namespace(&self, prefix: &str) -> Namespace {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        let name = format!("{prefix}-{:x}-{count}", now.as_micros() & 0xff_ffff_ffff);
        // Known by its label from its first moment: tests that are interrupted do not drop it.
        let run = env::var("KUBECTL_PODS_TEST_RUN").unwrap_or_default();
        let manifest = format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{kubectl-pods-test-run: '{run}'}}}}}}"
        );
        self.kubectl(["create", "-f", "-"]).stdin(&manifest).run().success();
        let namespace = Namespace { cluster: self.clone(), name };
        wait_until("the default ServiceAccount", Duration::from_secs(30), || {
            namespace.kubectl(["get", "serviceaccount", "default"]).run().code == 0
        });
        namespace
    }
}

/// A namespace that goes with its test.
pub struct Namespace {
    /// The cluster it is in.
    pub cluster: Cluster,
    /// Its name.
    pub name: String,
}

impl Namespace {
    /// kubectl in this namespace.
    pub fn kubectl<I: IntoIterator<Item: Into<String>>>(&self, args: I) -> Command {
        self.cluster.kubectl(["--namespace", &self.name]).args(args)
    }

    /// The plugin in this namespace. The words come first, so that a verb may lead them.
    pub fn pods<I: IntoIterator<Item: Into<String>>>(&self, args: I) -> Command {
        self.cluster.pods(args).args(["--namespace", &self.name])
    }

    /// Applies a manifest.
    #[track_caller]
    pub fn apply(&self, yaml: &str) -> Run {
        self.kubectl(["apply", "-f", "-"]).stdin(yaml).run().success()
    }

    /// Asserts that `kubectl pods` with these words does exactly what `kubectl get pods` does: bytes, stderr, exit
    /// code.
    #[track_caller]
    pub fn parity(&self, words: &[&str]) {
        let namespace = ["--namespace", self.name.as_str()];
        let words = || words.iter().chain(&namespace).copied();
        same_within_seconds(
            || self.cluster.kubectl_pods(words()).run(),
            || self.cluster.kubectl(["get", "pods"]).args(words()).run(),
        );
    }

    /// Limits what the namespace may hold, as in `count/pods=2`, from now on.
    #[track_caller]
    pub fn limit(&self, name: &str, hard: &str) {
        self.kubectl(["create", "quota", name, &format!("--hard={hard}")]).run().success();
        // The quota controller has to see it before it counts.
        let shown = "jsonpath={.status.hard}";
        wait_until("the quota", Duration::from_secs(30), || {
            !self.kubectl(["get", "quota", name, "-o", shown]).run().stdout.is_empty()
        });
    }

    /// Everything of ours that is in the namespace, one `kind/name` a line.
    #[track_caller]
    pub fn leftovers(&self) -> String {
        let label = "app.kubernetes.io/managed-by=kubectl-pods";
        self.kubectl(["get", OURS, "-l", label, "-o", "name"]).run().success().stdout
    }

    /// Waits until nothing of ours is left.
    #[track_caller]
    pub fn wait_clean(&self, limit: Duration) {
        wait_until("nothing to be left", limit, || self.leftovers().is_empty());
    }

    /// The address of a pod.
    #[track_caller]
    pub fn pod_ip(&self, pod: &str) -> String {
        self.kubectl(["get", "pod", pod, "-o", "jsonpath={.status.podIP}"]).run().success().stdout
    }

    /// Waits until a pod is Ready.
    #[track_caller]
    pub fn wait_ready(&self, pod: &str) {
        let target = format!("pod/{pod}");
        self.kubectl(["wait", "--for=condition=Ready", &target, "--timeout=60s"]).run().success();
    }
}

/// Asserts that both do exactly the same. An AGE may tick, or a status change, between two runs, on a busy machine
/// even between any two: so ours must equal theirs shortly before or shortly after, in one of a few tries.
#[track_caller]
pub fn same_within_seconds(ours: impl Fn() -> Run, theirs: impl Fn() -> Run) {
    let mut before = theirs();
    for last in [false, false, false, false, true] {
        let ours = ours();
        let after = theirs();
        if ours.is_same_as(&before) || ours.is_same_as(&after) {
            return;
        }
        if last {
            return ours.same_as(&after);
        }
        before = after;
    }
}

impl Drop for Namespace {
    #[expect(clippy::print_stderr, reason = "how a test tells what it left")]
    fn drop(&mut self) {
        // Without waiting: the next test has a namespace of its own.
        let run = self.kubectl(["delete", "namespace", &self.name, "--wait=false"]).run();
        if run.code != 0 {
            eprintln!("could not delete namespace {}: {}", self.name, run.stderr);
        }
    }
}

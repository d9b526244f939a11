//! The programs that list the same pods.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::{namespace, wire::Wire};
use crate::{
    bench::measured::{self, Measured},
    cluster::Running,
    command,
};

/// What asks for a Table; curl asks for the server's cells.
const TABLE: &str = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io";

/// Up to so many pods to a namespace, one request with all metadata is cheaper than one for each namespace.
const PODS_WORTH_A_REQUEST: usize = 20;

/// A cluster, and the programs that list its pods.
pub(super) struct Where<'r> {
    running: &'r Running,
    plugin: &'r Path,
    namespaces: usize,
    server: String,
    /// What kubectl knows of the API from one run, it need not ask for in the next.
    cache: TempDir,
    pub(super) wire: Wire,
}

/// One program that lists pods.
pub(super) struct Contender {
    pub(super) name: String,
    /// Whether its output is to be compared with kubectl's.
    pub(super) prints_pods: bool,
    program: PathBuf,
    words: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl<'r> Where<'r> {
    pub(super) fn new(running: &'r Running, plugin: &'r Path, namespaces: usize) -> Result<Self> {
        let words = ["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"];
        let mut kubectl = Command::new(running.bin.join("kubectl"));
        let server =
            command::output(kubectl.arg("--kubeconfig").arg(&running.kubeconfig).args(words))?;
        let cache = tempfile::tempdir().context("no temporary folder")?;
        Ok(Self { running, plugin, namespaces, server, cache, wire: Wire::new(running) })
    }

    /// What is asked of each program, without `get pods`.
    pub(super) fn commands(&self) -> &'static [&'static [&'static str]] {
        match self.namespaces {
            1 => &[&[], &["-o", "wide"]],
            2..=99 => &[&["-A"], &["-A", "-o", "wide"], &["-A", "-o", "name"]],
            _ => &[&["-A"]],
        }
    }

    /// kubectl first: what the others print is compared with its output.
    pub(super) fn contenders(&self, words: &[&str], pods: usize) -> Vec<Contender> {
        let namespace = namespace(0);
        let one = if self.namespaces == 1 { &["-n", namespace.as_str()][..] } else { &[] };
        let shown = words.join(" ");
        let kubectl = self.running.bin.join("kubectl");
        let listed = |name: &str, program: &Path, verb: &[&str]| Contender {
            name: format!("{name} {shown}").trim_end().to_owned(),
            prints_pods: true,
            program: program.to_path_buf(),
            words: [verb, words, one].concat().iter().map(ToString::to_string).collect(),
            variables: self.variables(),
        };
        vec![
            listed("kubectl get pods", &kubectl, &["get", "pods"]),
            self.curl(words, pods),
            listed("kubectl pods", &kubectl, &["pods"]),
            listed("kubectl-pods", self.plugin, &[]),
        ]
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let folders = [self.running.bin.as_path(), self.plugin.parent().unwrap_or(Path::new("."))];
        let [bin, plugin] = folders.map(Path::display);
        vec![
            ("PATH", format!("{plugin}:{bin}:/usr/bin:/bin")),
            ("KUBECONFIG", self.running.kubeconfig.display().to_string()),
            ("KUBECACHEDIR", self.cache.path().display().to_string()),
        ]
    }

    /// The cheapest requests that carry what is shown: of all namespaces, one for each, a few at a time, unless names alone
    /// are shown, or there are so few pods that one request with their metadata is cheaper.
    fn curl(&self, words: &[&str], pods: usize) -> Contender {
        let pki = |file| self.running.pki(file).display().to_string();
        let mut line: Vec<String> =
            ["--silent", "--fail", "--parallel", "--parallel-max", "4"].map(str::to_owned).into();
        // Whoever calls himself curl gets the answer with blanks and line breaks, twice as long.
        line.extend(["--user-agent", "bench", "--header", TABLE].map(str::to_owned));
        for (flag, file) in
            [("--cacert", "ca.crt"), ("--cert", "admin.crt"), ("--key", "admin.key")]
        {
            line.extend([flag.to_owned(), pki(file)]);
        }
        let sparse = pods / self.namespaces < PODS_WORTH_A_REQUEST;
        let (name, paths) = match self.namespaces {
            1 => ("one list of cells", vec![in_namespace(0)]),
            _ if words.contains(&"name") => {
                ("one list of cells", vec!["pods?includeObject=None".to_owned()])
            }
            _ if sparse => ("one list with metadata", vec!["pods".to_owned()]),
            many => ("a list of cells for each namespace", (0..many).map(in_namespace).collect()),
        };
        for path in paths {
            let url = format!("{}/api/v1/{path}", self.server);
            line.extend(["--output".to_owned(), "/dev/null".to_owned(), url]);
        }
        Contender {
            name: format!("curl: {name}"),
            prints_pods: false,
            program: "curl".into(),
            words: line,
            variables: Vec::new(),
        }
    }
}

fn in_namespace(index: usize) -> String {
    format!("namespaces/{}/pods?includeObject=None", namespace(index))
}

impl Contender {
    pub(super) fn run(&self) -> Result<Measured> {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        measured::run(Command::new(&self.program).args(&self.words).envs(variables))
    }
}

//! Pods that serve and pods that ask.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::Running;
use super::super::slot::NodeIndex;
use crate::{command, workspace};

/// Seconds a request may take: far more than any answer needs.
const REQUEST_LIMIT: &str = "3";

/// The pods of `tests/cluster/pods.yaml` in one cluster.
#[derive(Debug)]
pub(super) struct Pods(Running);

impl Pods {
    pub(super) fn of(running: &Running) -> Self {
        Self(running.clone())
    }

    /// What kubectl prints.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let mut kubectl = Command::new(self.0.bin.join("kubectl"));
        kubectl.arg("--kubeconfig").arg(&self.0.kubeconfig).args(["--context", &self.0.context]);
        command::output(kubectl.args(arguments))
    }

    /// Fails unless the cluster has exactly so many nodes, all of them Ready.
    pub(super) fn ensure_ready(&self, nodes: NodeIndex) -> Result<()> {
        let path = r#"jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}"#;
        let said = self.kubectl(&["get", "nodes", "-o", path])?;
        let expected = (1..=nodes).map(|node| format!("node{node} True"));
        ensure!(said.lines().eq(expected), "not {nodes} nodes that are Ready: {said}");
        Ok(())
    }

    /// Every namespace of the cluster.
    pub(super) fn namespaces(&self) -> Result<Vec<String>> {
        let said = self.kubectl(&["get", "namespaces", "-o", "name"])?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    /// Starts a pod on every node and has each ask all of them.
    pub(super) fn reach_each_other(&self, nodes: NodeIndex) -> Result<()> {
        self.apply("one-per-node.yaml")?;
        let set = "daemonset/everywhere";
        self.kubectl(&["rollout", "status", set, "--timeout=60s"])?;
        let path = r#"jsonpath={range .items[*]}{.spec.nodeName} {.metadata.name} {.status.podIP}{"\n"}{end}"#;
        let list = ["get", "pods", "-l", "app=everywhere", "--sort-by=.spec.nodeName", "-o", path];
        let said = self.kubectl(&list)?;
        let pods: Vec<Vec<&str>> = said.lines().map(|line| line.split(' ').collect()).collect();
        let placed = pods.iter().map(|pod| pod[0].to_owned());
        ensure!(placed.eq((1..=nodes).map(|node| format!("node{node}"))), "pods: {said}");
        for from in &pods {
            for to in &pods {
                let page = self.curl_once(from[1], to[2])?;
                let way = format!("{} to {}", from[0], to[0]);
                ensure!(page.contains("Welcome to nginx!"), "from {way}: {page}");
            }
        }
        self.kubectl(&["delete", set]).map(drop)
    }

    /// Creates them and waits until all are ready.
    pub(super) fn create(&self) -> Result<()> {
        self.apply("pods.yaml")?;
        self.kubectl(&["wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s"])?;
        Ok(())
    }

    /// Lets friends in and no one else, if the network cares.
    pub(super) fn apply_policy(&self) -> Result<()> {
        self.apply("only-friends.yaml")
    }

    pub(super) fn ip(&self, pod: &str) -> Result<String> {
        self.kubectl(&["get", "pod", pod, "-o", "jsonpath={.status.podIP}"])
    }

    /// The page `client` gets from `address`. A Service takes a moment to reach every node, so it is
    /// asked again for a while.
    pub(super) fn curl(&self, client: &str, address: &str) -> Result<String> {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let answer = self.curl_once(client, address);
            if answer.is_ok() || Instant::now() >= deadline {
                return answer.with_context(|| format!("{client} cannot reach {address}"));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Whether `client` loses its way to `address` within `limit` seconds.
    pub(super) fn is_cut_off(&self, client: &str, address: &str, limit: u64) -> Result<bool> {
        let deadline = Instant::now() + Duration::from_secs(limit);
        while Instant::now() < deadline {
            match self.curl_once(client, address) {
                Ok(_) => std::thread::sleep(Duration::from_millis(200)),
                // curl's own words for silence: anything else is trouble of another kind.
                Err(error) if format!("{error:#}").contains("exit code 28") => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn curl_once(&self, client: &str, address: &str) -> Result<String> {
        let url = format!("http://{address}/");
        self.kubectl(&["exec", client, "--", "curl", "-sSf", "--max-time", REQUEST_LIMIT, &url])
    }

    fn apply(&self, file: &str) -> Result<()> {
        let path = workspace::root().join("tests/cluster").join(file);
        self.kubectl(&["apply", "-f", &path.to_string_lossy()]).map(drop)
    }
}

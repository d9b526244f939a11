//! Makes pods that look as if they ran, on nodes that do not exist.

use std::io::{BufWriter, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::namespace;
use crate::{cluster::Running, command};

/// How many kubectl create at a time.
const LANES: usize = 8;

/// Namespaces that are filled with pods.
pub(super) struct Filling {
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    namespaces: usize,
}

impl Filling {
    /// Makes the namespaces, and waits until pods can be made in them.
    pub(super) fn new(running: &Running, namespaces: usize) -> Result<Self> {
        let kubectl = running.bin.join("kubectl");
        let filling = Self { kubectl, kubeconfig: running.kubeconfig.clone(), namespaces };
        filling.lanes("create", 0..namespaces, |index| {
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace(index) } })
        })?;
        filling.wait_for_accounts()?;
        Ok(filling)
    }

    /// Makes the pods of these numbers.
    pub(super) fn add(&self, pods: Range<usize>) -> Result<()> {
        self.lanes("create", pods.clone(), |index| self.pod(index))?;
        self.lanes("replace --subresource=status", pods, |index| {
            let mut pod = self.pod(index);
            pod["status"] = status(index);
            pod
        })
    }

    /// No pod is made in a namespace before its default service account.
    fn wait_for_accounts(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_mins(10);
        let words =
            "get serviceaccounts --all-namespaces --field-selector=metadata.name=default -o name";
        loop {
            let accounts = command::output(self.kubectl().args(words.split(' ')))?;
            if accounts.lines().count() >= self.namespaces {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "no service accounts in new namespaces");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Does the same with all objects, some at a time.
    fn lanes(
        &self,
        words: &str,
        indices: Range<usize>,
        object: impl Fn(usize) -> Value + Sync,
    ) -> Result<()> {
        let lane = |lane| self.lane(words, indices.clone().skip(lane).step_by(LANES).map(&object));
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..LANES).map(|index| scope.spawn(move || lane(index))).collect();
            lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane does not panic"))
        })
    }

    fn lane(&self, words: &str, objects: impl Iterator<Item = Value>) -> Result<()> {
        let mut objects = objects.peekable();
        if objects.peek().is_none() {
            return Ok(());
        }
        let mut command = self.kubectl();
        command.args(words.split(' ')).args(["--validate=false", "-f", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        // Why kubectl reads no further, it says itself.
        let _ = write(&mut child, objects);
        let status = child.wait()?;
        if !status.success() {
            bail!("`{}` failed ({status})", command::shown(&command));
        }
        Ok(())
    }

    fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }

    /// As a Deployment makes it.
    fn pod(&self, index: usize) -> Value {
        let digest = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": format!("web-7d4b9c6f5d-{index:06}"),
                "namespace": namespace(index % self.namespaces),
                "labels": {
                    "app.kubernetes.io/name": "web",
                    "app.kubernetes.io/instance": "shop",
                    "app.kubernetes.io/version": "1.25.3",
                    "pod-template-hash": "7d4b9c6f5d",
                },
                "annotations": { "checksum/config": digest, "prometheus.io/scrape": "true" },
            },
            "spec": {
                "nodeName": format!("node-{}", index % 100),
                "containers": [{
                    "name": "web",
                    "image": "nginx:1.25.3",
                    "ports": [{ "containerPort": 8080 }],
                    "env": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "PORT", "value": "8080" }],
                    "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "128Mi" } },
                    "readinessProbe": { "httpGet": { "path": "/", "port": 8080 } },
                }],
            },
        })
    }
}

fn write(child: &mut Child, objects: impl Iterator<Item = Value>) -> Result<()> {
    let mut stdin = BufWriter::new(child.stdin.take().context("no standard input")?);
    for object in objects {
        serde_json::to_writer(&mut stdin, &object)?;
        stdin.write_all(b"\n")?;
    }
    Ok(stdin.flush()?)
}

/// As the kubelet says that all is well.
fn status(index: usize) -> Value {
    let time = "2026-01-01T00:00:00Z";
    let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
    let conditions = conditions
        .map(|kind| json!({ "type": kind, "status": "True", "lastTransitionTime": time }));
    let address = format!("10.{}.{}.{}", index >> 16, (index >> 8) & 255, index & 255);
    json!({
        "phase": "Running",
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "hostIP": format!("10.255.0.{}", index % 100),
        "startTime": time,
        "conditions": conditions,
        "containerStatuses": [{
            "name": "web",
            "ready": true,
            "started": true,
            "restartCount": 0,
            "image": "nginx:1.25.3",
            "imageID": "docker.io/library/nginx@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
            "containerID": "containerd://4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
            "state": { "running": { "startedAt": time } },
        }],
    })
}

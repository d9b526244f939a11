//! Makes pods that look as if they ran, on nodes that do not exist.
//!
//! kubectl makes the first one; the others are its copies, written into etcd. Each takes the API server no more than the
//! event that it sees in etcd's watch, so that 100,000 are there within minutes.

use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::namespace;
use crate::{cluster::Running, command};

/// etcd takes at most 128 operations at a time.
const PODS_A_WRITE: usize = 100;

/// How long the API server may take to see what is in etcd.
const LIMIT: Duration = Duration::from_mins(10);

/// Namespaces that are filled with pods.
pub(super) struct Filling {
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    etcd: String,
    namespaces: usize,
    /// The first pod, as etcd has it.
    first: Vec<u8>,
    uid: String,
}

impl Filling {
    /// Makes the namespaces and the first pod.
    pub(super) fn new(running: &Running, namespaces: usize) -> Result<Self> {
        let mut filling = Self {
            kubectl: running.bin.join("kubectl"),
            kubeconfig: running.kubeconfig.clone(),
            etcd: running.etcd()?,
            namespaces,
            first: Vec::new(),
            uid: String::new(),
        };
        let all = (0..namespaces).map(|index| {
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace(index) } })
        });
        filling.apply(&["create"], all)?;
        let account =
            || filling.kubectl(&["get", "serviceaccount", "default", "-n", &namespace(0)]);
        wait("the first namespace's service account", || Ok(command::succeeds(&mut account())))?;
        let pod = pod(&Names::of(0, namespaces));
        filling.apply(&["create"], [pod.clone()])?;
        filling.apply(&["replace", "--subresource=status"], [pod])?;
        filling.first = filling.read(&Names::of(0, namespaces).key())?;
        let uid = ["get", "pods", "--all-namespaces", "-o", "jsonpath={.items[0].metadata.uid}"];
        filling.uid = command::output(&mut filling.kubectl(&uid))?;
        ensure!(filling.uid.len() == 36, "the first pod's uid is {:?}", filling.uid);
        Ok(filling)
    }

    /// Makes the pods of these numbers, and waits until the API server has seen them; the first one is there already.
    pub(super) fn add(&self, pods: Range<usize>) -> Result<()> {
        let (from, to) = (pods.start.max(1), pods.end);
        for start in (from..to).step_by(PODS_A_WRITE) {
            self.write(start..to.min(start + PODS_A_WRITE))?;
        }
        let count = format!("\"remainingItemCount\":{}", to - 1);
        wait("all pods in the API server", || {
            let list = self.kubectl(&["get", "--raw", "/api/v1/pods?limit=1"]).output()?;
            Ok(String::from_utf8_lossy(&list.stdout).contains(&count))
        })
    }

    fn write(&self, pods: Range<usize>) -> Result<()> {
        let first = Names::of(0, self.namespaces);
        let puts: Vec<Value> = pods
            .map(|index| {
                let names = Names::of(index, self.namespaces);
                let mut value = self.first.clone();
                for (from, to) in first.texts().into_iter().zip(names.texts()) {
                    replace(&mut value, from, to);
                }
                let (beginning, _) = self.uid.split_at(self.uid.len() - 12);
                replace(&mut value, &self.uid, &format!("{beginning}{index:012x}"));
                json!({ "requestPut": { "key": encoded(names.key().as_bytes()), "value": encoded(&value) } })
            })
            .collect();
        self.etcd("txn", &json!({ "success": puts })).map(drop)
    }

    fn read(&self, key: &str) -> Result<Vec<u8>> {
        let answer = self.etcd("range", &json!({ "key": encoded(key.as_bytes()) }))?;
        let value = answer["kvs"][0]["value"].as_str();
        let value = value.with_context(|| format!("etcd has no {key}"))?;
        let value = BASE64_STANDARD.decode(value)?;
        ensure!(value.starts_with(b"k8s\0"), "{key} is no protobuf in etcd");
        Ok(value)
    }

    /// A request to etcd's JSON gateway.
    fn etcd(&self, verb: &str, request: &Value) -> Result<Value> {
        let body = tempfile::NamedTempFile::new()?;
        fs::write(body.path(), request.to_string())?;
        let data = format!("@{}", body.path().display());
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--data-binary", &data]);
        let answer = command::output(curl.arg(format!("{}/v3/kv/{verb}", self.etcd)))?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// `kubectl VERB -f -` with these objects.
    fn apply(&self, verb: &[&str], objects: impl IntoIterator<Item = Value>) -> Result<()> {
        let mut command = self.kubectl(verb);
        command.args(["--validate=false", "-f", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let objects: Vec<String> = objects.into_iter().map(|object| object.to_string()).collect();
        let mut stdin = child.stdin.take().context("no standard input")?;
        // Why kubectl reads no further, it says itself.
        let _ = stdin.write_all(objects.join("\n").as_bytes());
        drop(stdin);
        let status = child.wait()?;
        if !status.success() {
            bail!("`{}` failed ({status})", command::shown(&command));
        }
        Ok(())
    }

    fn kubectl(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(words);
        command
    }
}

fn encoded(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn wait(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while !holds()? {
        ensure!(Instant::now() < deadline, "{what}: not within {LIMIT:?}");
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// What tells a pod from its copies, in texts that are equally long for all.
struct Names {
    namespace: String,
    name: String,
    address: String,
    node: String,
}

impl Names {
    fn of(index: usize, namespaces: usize) -> Self {
        let [low, middle, high] = [index, index / 100, index / 10_000].map(|part| 100 + part % 100);
        Self {
            namespace: namespace(index % namespaces),
            name: format!("web-7d4b9c6f5d-{index:06}"),
            address: format!("10.{high}.{middle}.{low}"),
            node: format!("node-{:02}", index % 100),
        }
    }

    fn key(&self) -> String {
        format!("/registry/pods/{}/{}", self.namespace, self.name)
    }

    fn texts(&self) -> [&str; 4] {
        [&self.namespace, &self.name, &self.address, &self.node]
    }
}

/// Puts one text in the place of another one. In protobuf, where lengths stand before texts, both must be equally long.
fn replace(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len(), "{from} and {to}");
    let mut at = 0;
    let here = |rest: &[u8]| rest.windows(from.len()).position(|part| part == from.as_bytes());
    while let Some(found) = here(&bytes[at..]) {
        at += found + from.len();
        bytes[at - from.len()..at].copy_from_slice(to.as_bytes());
    }
}

/// As a Deployment makes it and the kubelet says that all is well.
fn pod(names: &Names) -> Value {
    let digest = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": names.name,
            "namespace": names.namespace,
            "labels": {
                "app.kubernetes.io/name": "web",
                "app.kubernetes.io/instance": "shop",
                "app.kubernetes.io/version": "1.25.3",
                "pod-template-hash": "7d4b9c6f5d",
            },
            "annotations": { "checksum/config": digest, "prometheus.io/scrape": "true" },
        },
        "spec": {
            "nodeName": names.node,
            "containers": [{
                "name": "web",
                "image": "nginx:1.25.3",
                "ports": [{ "containerPort": 8080 }],
                "env": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "PORT", "value": "8080" }],
                "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "128Mi" } },
                "readinessProbe": { "httpGet": { "path": "/", "port": 8080 } },
            }],
        },
        "status": status(&names.address, digest),
    })
}

fn status(address: &str, digest: &str) -> Value {
    let time = "2026-01-01T00:00:00Z";
    let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
    let conditions = conditions
        .map(|kind| json!({ "type": kind, "status": "True", "lastTransitionTime": time }));
    json!({
        "phase": "Running",
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "hostIP": "10.255.0.1",
        "startTime": time,
        "conditions": conditions,
        "containerStatuses": [{
            "name": "web",
            "ready": true,
            "started": true,
            "restartCount": 0,
            "image": "nginx:1.25.3",
            "imageID": format!("docker.io/library/nginx@sha256:{digest}"),
            "containerID": format!("containerd://{digest}"),
            "state": { "running": { "startedAt": time } },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_other_names_of_the_same_length() {
        let [from, to] = [0, 123_456].map(|index| Names::of(index, 2_000));
        let mut copy = format!("{0} {0}", from.texts().join("/")).into_bytes();
        for (from, to) in from.texts().into_iter().zip(to.texts()) {
            replace(&mut copy, from, to);
        }
        assert_eq!(String::from_utf8(copy).unwrap(), format!("{0} {0}", to.texts().join("/")));
        assert_eq!(to.key(), "/registry/pods/team-1456/web-7d4b9c6f5d-123456");
        assert_eq!(to.texts()[2..], ["10.112.134.156", "node-56"]);
    }
}

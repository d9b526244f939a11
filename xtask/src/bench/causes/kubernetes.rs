//! The cluster under the bench, and the programs that are asked about it.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{cluster::Running, command};

/// A cluster, our plugin, and the peer.
pub(super) struct Kubernetes<'a> {
    pub(super) running: &'a Running,
    pub(super) plugin: &'a Path,
    pub(super) popeye: &'a Path,
}

impl Kubernetes<'_> {
    fn command(&self, program: &Path, namespace: &str) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", &self.running.kubeconfig).args(["--namespace", namespace]);
        command
    }

    /// kubectl's output.
    pub(super) fn kubectl(&self, namespace: &str, words: &[&str]) -> Result<String> {
        command::output(self.command(&self.running.bin.join("kubectl"), namespace).args(words))
    }

    /// Makes a namespace with these objects.
    pub(super) fn create(&self, namespace: &str, manifest: &str) -> Result<()> {
        self.kubectl(namespace, &["create", "namespace", namespace])?;
        let kubectl = self.running.bin.join("kubectl");
        let mut command = self.command(&kubectl, namespace);
        command.args(["apply", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().context("cannot start kubectl")?;
        child.stdin.take().context("no standard input")?.write_all(manifest.as_bytes())?;
        ensure!(child.wait()?.success(), "`{}` failed", command::shown(&command));
        Ok(())
    }

    /// What our check reports of `targets`, whatever it thinks of them.
    pub(super) fn check(&self, namespace: &str, targets: &[String]) -> Result<Vec<Value>> {
        let mut command = Command::new(self.plugin);
        command.env("KUBECONFIG", &self.running.kubeconfig).arg("check").args(targets);
        command.args(["--namespace", namespace, "-o", "json", "--connect-timeout", "2s"]);
        let output = command.output().context("cannot start the plugin")?;
        let report: Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!(
                "`{}` gave no report: {}",
                command::shown(&command),
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
        Ok(report["targets"].as_array().cloned().unwrap_or_default())
    }

    /// popeye's report of a namespace.
    pub(super) fn popeye(&self, namespace: &str) -> Result<Value> {
        let mut command = self.command(self.popeye, namespace);
        let text = command::output(command.args(["--out", "json", "--force-exit-zero"]))?;
        // What its libraries warn of comes first.
        let json = text.lines().find(|line| line.starts_with('{')).unwrap_or_default();
        serde_json::from_str(json).context("cannot read popeye's report")
    }
}

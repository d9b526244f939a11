//! Credential plugins of kubeconfig users (`exec:`; KEP-541, `client.authentication.k8s.io`).
//!
//! kube-rs runs the plugin three times for one client, which for `aws eks get-token` is seconds, and takes no new client
//! certificate from it. It is run here, when its answer is needed.

use std::{
    io,
    process::{ExitStatus, Output, Stdio},
};

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use kube::config::{Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::process::Command;

use super::{Identity, credentials::Credentials};

const INSTALL_HELP: &str = "\n\nIt looks like you are trying to use a client-go credential plugin that is not installed.\n\nTo learn more about this feature, consult the documentation available at:\n      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins";

/// A credential plugin, and the cluster that it is to tell who we are.
#[derive(Debug, Clone)]
pub(crate) struct CredentialPlugin {
    pub(super) exec: ExecConfig,
    pub(super) cluster: Cluster,
}

/// What the plugin is asked for: a token, or a client certificate with its key, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    token: Option<String>,
    /// PEM.
    client_certificate_data: Option<String>,
    /// PEM.
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: Option<String>,
    status: Option<Status>,
}

impl CredentialPlugin {
    /// Runs the plugin. Its stderr is the user's; its stdin too, when `interactiveMode` and a terminal allow a dialogue.
    pub(super) async fn credentials(&self) -> Result<Credentials> {
        let output = self.run().await?;
        let wanted = self.exec.api_version.as_deref().unwrap_or_default();
        let status = read(&output.stdout, wanted)?;
        let certificate = status.client_certificate_data.unwrap_or_default();
        let identity = match status.client_key_data.unwrap_or_default().as_str() {
            "" => None,
            key => {
                let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes());
                Some(identity.context("failed parsing client key/certificate")?)
            }
        };
        let end = end(status.expiration_timestamp.as_deref())?;
        Credentials::new(&status.token.unwrap_or_default(), identity, end)
    }

    async fn run(&self) -> Result<Output> {
        let interactive = interactive(&self.exec)?;
        let mut command = Command::new(self.program());
        command.args(self.exec.args.iter().flatten());
        for variable in self.exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        command.env("KUBERNETES_EXEC_INFO", request(&self.exec, &self.cluster, interactive)?);
        command.stdin(if interactive { Stdio::inherit() } else { Stdio::null() });
        command.stdout(Stdio::piped());
        let child = command.spawn().map_err(|_| self.not_found())?;
        let output = child.wait_with_output().await.map_err(|error| self.failed(&error))?;
        if output.status.success() {
            return Ok(output);
        }
        let code = exit_code(output.status);
        Err(anyhow!("exec: executable {} failed with exit code {code}", self.program()))
    }

    fn program(&self) -> &str {
        self.exec.command.as_deref().unwrap_or_default()
    }

    fn not_found(&self) -> anyhow::Error {
        let hint = self.exec.install_hint.as_ref().map(|hint| format!("\n\n{hint}"));
        let hint = hint.unwrap_or_default();
        anyhow!("exec: executable {} not found{INSTALL_HELP}{hint}", self.program())
    }

    fn failed(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("exec: {}: {error}", self.program())
    }
}

/// Go's `ExitCode`: -1 for a process that a signal ended.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

fn interactive(plugin: &ExecConfig) -> Result<bool> {
    use std::io::IsTerminal as _;

    let terminal = std::io::stdin().is_terminal();
    match plugin.interactive_mode {
        Some(ExecInteractiveMode::Never) => Ok(false),
        Some(ExecInteractiveMode::IfAvailable) | None => Ok(terminal),
        Some(ExecInteractiveMode::Always) if terminal => Ok(true),
        Some(ExecInteractiveMode::Always) => Err(anyhow!(
            "exec plugin cannot support interactive mode: standard input is not a terminal"
        )),
    }
}

/// The content of `KUBERNETES_EXEC_INFO`.
fn request(plugin: &ExecConfig, cluster: &Cluster, interactive: bool) -> Result<String> {
    let mut spec = serde_json::json!({ "interactive": interactive });
    if plugin.provide_cluster_info {
        let cluster = ExecAuthCluster::try_from(cluster).context("encode ExecCredentials")?;
        spec["cluster"] = serde_json::to_value(cluster).context("encode ExecCredentials")?;
    }
    let request = serde_json::json!({
        "kind": "ExecCredential",
        "apiVersion": plugin.api_version,
        "spec": spec,
    });
    Ok(request.to_string())
}

/// Reads the plugin's answer, JSON or (as client-go allows) YAML.
fn read(stdout: &[u8], wanted: &str) -> Result<Status> {
    // The error itself quotes what it could not read: secrets, as a rule.
    let answer: ExecCredential = serde_saphyr::from_slice(stdout).map_err(|error| {
        let place =
            error.location().map(|at| format!(" (line {}, column {})", at.line(), at.column()));
        anyhow!("decoding stdout: it is no ExecCredential{}", place.unwrap_or_default())
    })?;
    let version = answer.api_version.unwrap_or_default();
    if version != wanted {
        return Err(anyhow!(
            "exec plugin is configured to use API version {wanted}, plugin returned version {version}"
        ));
    }
    let status =
        answer.status.ok_or_else(|| anyhow!("exec plugin didn't return a status field"))?;
    let is_there = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let certificate = is_there(&status.client_certificate_data);
    let key = is_there(&status.client_key_data);
    if !is_there(&status.token) && !certificate && !key {
        return Err(anyhow!("exec plugin didn't return a token or cert/key pair"));
    }
    if certificate != key {
        return Err(anyhow!("exec plugin returned only certificate or key, not both"));
    }
    Ok(status)
}

/// When the credentials end. The last days of the year 9999, which some plugins write for never, are beyond our calendar.
fn end(text: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(text) = text.filter(|text| !text.starts_with("9999-12-")) else { return Ok(None) };
    let time =
        text.parse().map_err(|_| anyhow!("decoding stdout: expirationTimestamp is no time"))?;
    Ok(Some(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_quoted() {
        let broken = [
            r#"{"status":{"token":"SECRET","clientKeyData":["SECRET"]}}"#,
            r#"{"status":{"token":{"SECRET":"SECRET"}}}"#,
            r#"{"status":"SECRET"}"#,
            "{SECRET: [",
            "SECRET",
        ];
        for text in broken {
            let error = format!("{:#}", read(text.as_bytes(), V1).expect_err(text));
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn ends_are_read() {
        assert_eq!(end(None).unwrap(), None);
        assert_eq!(end(Some("9999-12-31T23:59:59Z")).unwrap(), None);
        assert_eq!(
            end(Some("1970-01-01T00:00:07Z")).unwrap(),
            Some(Timestamp::from_second(7).unwrap())
        );
        assert!(!end(Some("soon")).unwrap_err().to_string().contains("soon"));
    }

    const V1: &str = "client.authentication.k8s.io/v1";

    #[test]
    fn reads_what_plugins_print() {
        let cases = [
            ("JSON", format!(r#"{{"apiVersion":"{V1}","status":{{"token":"t"}}}}"#), Ok("t")),
            ("YAML", format!("apiVersion: {V1}\nstatus:\n  token: t\n"), Ok("t")),
            (
                "no status",
                format!(r#"{{"apiVersion":"{V1}"}}"#),
                Err("exec plugin didn't return a status field"),
            ),
            (
                "nothing in it",
                format!(r#"{{"apiVersion":"{V1}","status":{{}}}}"#),
                Err("exec plugin didn't return a token or cert/key pair"),
            ),
            (
                "half a pair",
                format!(r#"{{"apiVersion":"{V1}","status":{{"clientKeyData":"k"}}}}"#),
                Err("exec plugin returned only certificate or key, not both"),
            ),
            (
                "other version",
                String::from(r#"{"apiVersion":"x/v2","status":{"token":"t"}}"#),
                Err(
                    "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version x/v2",
                ),
            ),
        ];
        for (name, stdout, expected) in cases {
            let got = read(stdout.as_bytes(), V1).map(|status| status.token.unwrap_or_default());
            let got = got.map_err(|error| error.to_string());
            assert_eq!(got, expected.map(String::from).map_err(String::from), "{name}");
        }
    }
}

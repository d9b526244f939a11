//! Kubeconfigs with everything embedded: each is one file that works wherever it is copied.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::state::{Spec, State, write};

/// Which way a client reaches the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Over loopback.
    Host,
    /// Over the bridge.
    Node,
}

/// Writes the kubeconfig of `user`, whose certificate exists, and returns its path.
///
/// # Errors
///
/// When a certificate cannot be read or the file cannot be written.
pub(crate) fn create(state: &State, spec: &Spec, user: &str, from: From) -> Result<PathBuf> {
    let embedded = |file: &str| {
        let path = state.pki(file);
        fs::read(&path)
            .map(|bytes| STANDARD.encode(bytes))
            .with_context(|| format!("cannot read {}", path.display()))
    };
    let address = match from {
        From::Host => Ipv4Addr::LOCALHOST,
        From::Node => spec.slot.host_ip(),
    };
    let text = text(&Access {
        context: &context(&spec.name),
        user,
        server: &format!("https://{address}:{}", spec.slot.api_port()),
        authority: &embedded("ca.crt")?,
        certificate: &embedded(&format!("{user}.crt"))?,
        key: &embedded(&format!("{user}.key"))?,
    });
    let path = state.kubeconfig(user);
    write(&path, &text)?;
    Ok(path)
}

/// The context of a cluster, as in `kubectl --context`.
pub(crate) fn context(name: &str) -> String {
    format!("kubectl-pods-{name}")
}

#[derive(Debug)]
struct Access<'a> {
    context: &'a str,
    user: &'a str,
    server: &'a str,
    authority: &'a str,
    certificate: &'a str,
    key: &'a str,
}

fn text(access: &Access<'_>) -> String {
    let Access { context, user, server, authority, certificate, key } = access;
    format!(
        "apiVersion: v1
kind: Config
current-context: {context}
clusters:
- name: {context}
  cluster:
    server: {server}
    certificate-authority-data: {authority}
contexts:
- name: {context}
  context:
    cluster: {context}
    user: {user}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_refer_to_each_other() {
        let text = text(&Access {
            context: "kubectl-pods-kpods",
            user: "admin",
            server: "https://127.0.0.1:21010",
            authority: "QQ==",
            certificate: "Qg==",
            key: "Qw==",
        });
        assert!(text.contains("current-context: kubectl-pods-kpods\n"));
        assert_eq!(text.matches("kubectl-pods-kpods").count(), 4);
        assert!(text.contains("    user: admin\nusers:\n- name: admin\n"));
        assert!(text.ends_with("    client-key-data: Qw==\n"));
    }
}

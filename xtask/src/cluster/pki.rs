//! The cluster's own certificate authority, and what it signs. Elliptic curves throughout: RSA keys
//! would be most of the time a control plane takes to start.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context, Result};

use super::Cluster;
use super::slot::NodeIndex;
use super::state::Spec;
use crate::command;

/// A certificate to be signed: a client's identity, or a server's with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// Of its files, and of the user in kubeconfigs.
    pub(crate) name: String,
    common_name: String,
    /// The Kubernetes group it puts its bearer in.
    organization: Option<&'static str>,
    alternative_names: Vec<String>,
}

/// Makes authority, keys and certificates.
///
/// # Errors
///
/// When `openssl` fails.
pub(crate) fn create(cluster: &Cluster) -> Result<()> {
    authority(cluster).context("cannot make the certificate authority")?;
    service_account_key(cluster).context("cannot make the key of service accounts")?;
    // Every call of openssl is short and alone; together they are as fast as there are processors.
    std::thread::scope(|scope| {
        let signing: Vec<_> = certificates(&cluster.spec)
            .into_iter()
            .map(|certificate| scope.spawn(move || sign(cluster, &certificate)))
            .collect();
        signing.into_iter().try_for_each(|signing| signing.join().expect("signing does not panic"))
    })
}

/// All certificates of a cluster.
fn certificates(spec: &Spec) -> Vec<Certificate> {
    let slot = spec.slot;
    let masters = Some("system:masters");
    let mut certificates = vec![
        client("admin", "kubernetes-admin", masters),
        client("controller-manager", "system:kube-controller-manager", None),
        Certificate {
            alternative_names: api_server_names(spec),
            ..client("apiserver", "kube-apiserver", None)
        },
    ];
    if spec.nodes > 0 {
        certificates.extend([
            client("scheduler", "system:kube-scheduler", None),
            client("proxy", "system:kube-proxy", None),
            client("network", "network", masters),
        ]);
    }
    let node = |index: NodeIndex| Certificate {
        alternative_names: vec![ip(slot.node_ip(index)), format!("DNS:node{index}")],
        ..client(&format!("node{index}"), &format!("system:node:node{index}"), Some("system:nodes"))
    };
    certificates.extend(spec.node_indices().map(node));
    certificates
}

fn client(name: &str, common_name: &str, organization: Option<&'static str>) -> Certificate {
    Certificate {
        name: name.to_owned(),
        common_name: common_name.to_owned(),
        organization,
        alternative_names: Vec::new(),
    }
}

fn api_server_names(spec: &Spec) -> Vec<String> {
    let addresses = [Ipv4Addr::LOCALHOST, spec.slot.host_ip(), spec.slot.kubernetes_ip()];
    let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    let names = names.map(|name| format!("DNS:{name}"));
    addresses.map(ip).into_iter().chain(names).collect()
}

fn ip(address: Ipv4Addr) -> String {
    format!("IP:{address}")
}

impl Certificate {
    fn subject(&self) -> String {
        let organization = self.organization.map(|name| format!("/O={name}")).unwrap_or_default();
        format!("{organization}/CN={}", self.common_name)
    }

    fn extensions(&self) -> Vec<String> {
        let mut extensions = vec!["extendedKeyUsage=clientAuth,serverAuth".to_owned()];
        if !self.alternative_names.is_empty() {
            extensions.push(format!("subjectAltName={}", self.alternative_names.join(",")));
        }
        extensions
    }
}

/// An `openssl req` that makes a P-256 key and a certificate valid for ten years.
fn request(cluster: &Cluster, name: &str, subject: &str, extensions: &[String]) -> Command {
    let state = &cluster.state;
    let mut command = cluster.launcher().command("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    command.args(["-noenc", "-sha256", "-days", "3650", "-subj", subject]);
    // The system's own configuration would add extensions we do not want twice.
    command.arg("-config").arg(state.pki("openssl.cnf"));
    command.arg("-keyout").arg(state.pki(&format!("{name}.key")));
    command.arg("-out").arg(state.pki(&format!("{name}.crt")));
    for extension in extensions {
        command.args(["-addext", extension]);
    }
    command
}

fn authority(cluster: &Cluster) -> Result<()> {
    let config = "[req]\ndistinguished_name = subject\n[subject]\n";
    super::state::write(&cluster.state.pki("openssl.cnf"), config)?;
    let extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
    let extensions = extensions.map(str::to_owned);
    command::run(&mut request(cluster, "ca", "/CN=kubectl-pods-test-cluster", &extensions))
}

fn service_account_key(cluster: &Cluster) -> Result<()> {
    let mut command = cluster.launcher().command("openssl");
    // Not `genpkey`: the API server reads a public key out of SEC 1, but not out of PKCS #8.
    command.args(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"]);
    command::run(command.arg(cluster.state.pki("service-account.key")))
}

fn sign(cluster: &Cluster, certificate: &Certificate) -> Result<()> {
    let mut command =
        request(cluster, &certificate.name, &certificate.subject(), &certificate.extensions());
    let state = &cluster.state;
    command.arg("-CA").arg(state.pki("ca.crt")).arg("-CAkey").arg(state.pki("ca.key"));
    command::run(&mut command)
        .with_context(|| format!("cannot sign certificate {}", certificate.name))
}

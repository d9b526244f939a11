//! A selected cluster and user become kube's client configuration.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderValue, Uri, header::USER_AGENT};
use kube::config::{AuthInfo, Cluster};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use super::{CredentialPlugin, CredentialSource, Identity, proxy, select::Selected};
use crate::go;

/// client-go's dial time-out.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The way to a server: kube's configuration, without what is taken out of its hands.
pub(super) struct Way {
    pub(super) config: kube::Config,
    pub(super) identity: Option<Identity>,
    pub(super) credentials: Option<CredentialSource>,
}

/// Builds the configuration and loads the client certificate.
pub(super) fn config(selected: Selected) -> Result<Way> {
    let Selected { cluster, mut user, .. } = selected;
    let (mut identity, mut credentials) = (None, None);
    let server = address(cluster.server.as_deref().unwrap_or_default())?;
    let mut config = kube::Config::new(server.clone());
    common(&mut config);
    config.proxy_url = proxy::for_server(cluster.proxy_url.as_deref(), &server)?;
    config.disable_compression =
        cluster.disable_compression.unwrap_or(false) || is_here(&server, config.proxy_url.as_ref());
    // As client-go: credentials and trust are looked at only when the connection is secure.
    if server.scheme_str() == Some("https") {
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
        config.root_cert = authorities(&cluster)?;
        if config.accept_invalid_certs && config.root_cert.is_some() {
            bail!("specifying a root certificates file with the insecure flag is not allowed");
        }
        credentials = renewed(&mut user, &cluster)?;
        identity = Identity::take(&mut user)?;
        config.auth_info = user;
        config.tls_server_name = cluster.tls_server_name;
    } else {
        config.auth_info = AuthInfo {
            impersonate: user.impersonate,
            impersonate_uid: user.impersonate_uid,
            impersonate_groups: user.impersonate_groups,
            impersonate_user_extra: user.impersonate_user_extra,
            ..AuthInfo::default()
        };
    }
    Ok(Way { config, identity, credentials })
}

/// What holds for every connection: who we say we are, how long a connection may take, and no
/// automatic retries, which could keep a person waiting for minutes.
pub(super) fn common(config: &mut kube::Config) {
    let agent = concat!("kubectl-pods/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
}

/// Whether the server is on this machine, where bytes cost less than it costs to compress them. kubectl does not ask.
fn is_here(server: &Uri, proxy: Option<&Uri>) -> bool {
    proxy.is_none() && server.host().is_some_and(proxy::is_this_machine)
}

/// A URL, or `host:port`, which means plain HTTP as in client-go.
fn address(server: &str) -> Result<Uri> {
    let url = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let uri: Uri =
        url.parse().with_context(|| format!("cannot understand the server URL {server}"))?;
    if uri.host().is_none() || !matches!(uri.scheme_str(), Some("http" | "https")) {
        bail!("host must be a URL or a host:port pair: {}", go::quote(server));
    }
    Ok(uri)
}

fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>> {
    let pem = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) => {
            BASE64.decode(data).context("cannot decode certificate-authority-data")?
        }
        (None, Some(path)) => {
            fs::read(path).map_err(|error| anyhow!("open {path}: {}", go::errno(&error)))?
        }
        (None, None) => return Ok(None),
    };
    let certificates: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(&pem)
        .filter_map(Result::ok)
        .map(|certificate| certificate.to_vec())
        .collect();
    if certificates.is_empty() {
        bail!("unable to load root certificates: unable to parse bytes as PEM block");
    }
    Ok(Some(certificates))
}

/// Takes out of `user` what has to be asked again while we run: a token file, or the credential plugin when nothing else
/// identifies the user.
fn renewed(user: &mut AuthInfo, cluster: &Cluster) -> Result<Option<CredentialSource>> {
    let plugin = user.exec.take();
    if let Some(path) = user.token_file.take() {
        let otherwise = user.token.take();
        if otherwise.is_none() {
            fs::metadata(&path).map_err(|error| anyhow!("open {path}: {}", go::errno(&error)))?;
        }
        return Ok(Some(CredentialSource::TokenFile { path: path.into(), otherwise }));
    }
    let identified = user.token.is_some()
        || user.username.is_some()
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some();
    let plugin = plugin.filter(|_| !identified);
    let plugin = plugin.map(|exec| CredentialPlugin { exec, cluster: cluster.clone() });
    Ok(plugin.map(Box::new).map(CredentialSource::Plugin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let cases = [
            ("https://a:6443", Some("https://a:6443/")),
            ("https://a/prefix", Some("https://a/prefix")),
            ("127.0.0.1:1", Some("http://127.0.0.1:1/")),
            ("ftp://a", None),
            ("", None),
        ];
        for (server, expected) in cases {
            assert_eq!(
                address(server).ok().map(|uri| uri.to_string()).as_deref(),
                expected,
                "{server}"
            );
        }
    }
}

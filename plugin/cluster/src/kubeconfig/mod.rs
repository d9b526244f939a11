//! Flags and kubeconfig files become one resolved connection, by client-go's rules.
//!
//! kube-rs has the types and reads the YAML but differs from client-go where it matters to a user who
//! moves between `kubectl get pods` and `kubectl pods`: encodings (half a UTF-16 unit is a panic),
//! missing members of `KUBECONFIG`, an empty `current-context`, most override flags, proxies, and
//! credential plugins (run three times for one client) and token files (a line break at the end is no part of the token).

mod credential_plugin;
mod credential_source;
mod credentials;
mod encoding;
mod files;
mod identity;
mod in_cluster;
mod proxy;
mod select;
mod timeout;
mod transport;
mod validate;

use std::time::Duration;

use anyhow::Result;

pub(crate) use credential_plugin::CredentialPlugin;
pub(crate) use credential_source::CredentialSource;
pub(crate) use credentials::Credentials;
pub(crate) use identity::Identity;

use crate::ConnectionOptions;

/// What is needed to talk to one API server.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Address, trust and credentials, but for those below.
    pub config: kube::Config,
    /// The client certificate and its key.
    pub identity: Option<Identity>,
    /// Where credentials come from that are renewed while we run.
    pub credentials: Option<CredentialSource>,
    /// The namespace that commands mean when they name none.
    pub namespace: String,
    /// Limit for one request, from `--request-timeout`.
    pub request_timeout: Option<Duration>,
}

/// Reads the kubeconfig files and applies the flags. Runs no credential plugin.
///
/// # Errors
///
/// In kubectl's words, when a file, context, cluster, user or credential cannot be used.
pub(crate) fn resolve(args: &ConnectionOptions) -> Result<Connection> {
    let files = files::load(args.kubeconfig.as_deref())?;
    let selected = select::select(&files, args);
    validate::validate(&selected)?;
    let request_timeout = timeout::parse(&args.request_timeout)?;
    if selected.is_default() && in_cluster::possible() {
        return in_cluster::connection(args, request_timeout);
    }
    let namespace = selected.namespace.clone().unwrap_or_else(|| String::from("default"));
    let transport::Way { config, identity, credentials } = transport::config(selected)?;
    Ok(Connection { config, identity, credentials, namespace, request_timeout })
}

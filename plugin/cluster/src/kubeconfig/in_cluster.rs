//! Inside a pod, without any kubeconfig: the pod's own service account (client-go `rest.InClusterConfig`).

use std::{env, fs, path::Path, time::Duration};

use anyhow::{Result, anyhow};

use super::{Connection, CredentialSource, transport};
use crate::ConnectionOptions;

const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether this process runs in a pod that carries a token.
pub(super) fn possible() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    set("KUBERNETES_SERVICE_HOST")
        && set("KUBERNETES_SERVICE_PORT")
        && Path::new(ACCOUNT).join("token").is_file()
}

/// The service account's connection; `-n`, `--token` and `--as` still apply. The kubelet renews the account's token.
pub(super) fn connection(
    args: &ConnectionOptions,
    request_timeout: Option<Duration>,
) -> Result<Connection> {
    let mut config = kube::Config::incluster().map_err(|error| anyhow!("{error}"))?;
    let mut credentials = config
        .auth_info
        .token_file
        .take()
        .map(|path| CredentialSource::TokenFile { path: path.into(), otherwise: None });
    if let Some(token) = args.token.as_ref().filter(|token| !token.is_empty()) {
        config.auth_info.token = Some(token.clone().into());
        credentials = None;
    }
    config.auth_info.impersonate.clone_from(&args.as_user);
    config.disable_compression = args.disable_compression;
    transport::common(&mut config);
    let namespace =
        args.namespace.clone().filter(|name| !name.is_empty()).unwrap_or_else(namespace);
    Ok(Connection { config, identity: None, credentials, namespace, request_timeout })
}

fn namespace() -> String {
    env::var("POD_NAMESPACE")
        .ok()
        .or_else(|| fs::read_to_string(Path::new(ACCOUNT).join("namespace")).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| String::from("default"))
}

//! Inside a pod, without any kubeconfig: the pod's own service account (client-go `rest.InClusterConfig`).

use std::{env, fs, path::Path, time::Duration};

use anyhow::{Result, anyhow};

use super::{Connection, transport};
use crate::ConnectionOptions;

const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether this process runs in a pod that carries a token.
pub(super) fn possible() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    set("KUBERNETES_SERVICE_HOST")
        && set("KUBERNETES_SERVICE_PORT")
        && Path::new(ACCOUNT).join("token").is_file()
}

/// The service account's connection; `-n`, `--token` and `--as` still apply.
pub(super) fn connection(
    args: &ConnectionOptions,
    request_timeout: Option<Duration>,
) -> Result<Connection> {
    let mut config = kube::Config::incluster().map_err(|error| anyhow!("{error}"))?;
    if let Some(token) = args.token.as_ref().filter(|token| !token.is_empty()) {
        config.auth_info.token = Some(token.clone().into());
        config.auth_info.token_file = None;
    }
    config.auth_info.impersonate.clone_from(&args.as_user);
    transport::common(&mut config);
    let namespace =
        args.namespace.clone().filter(|name| !name.is_empty()).unwrap_or_else(namespace);
    Ok(Connection { config, identity: None, namespace, request_timeout })
}

fn namespace() -> String {
    env::var("POD_NAMESPACE")
        .ok()
        .or_else(|| fs::read_to_string(Path::new(ACCOUNT).join("namespace")).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| String::from("default"))
}

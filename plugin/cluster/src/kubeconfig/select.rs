//! Which context, cluster and user are meant, and what the flags change in them
//! (client-go `tools/clientcmd/client_config.go`: `getContext`, `getAuthInfo`, `getCluster`).

use std::env;

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig};
use secrecy::{ExposeSecret as _, SecretString};

use crate::ConnectionOptions;

/// One context's worth of configuration, flags applied. Empty strings are absent values here.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what was typed and what is missing are independent facts"
)]
pub(super) struct Selected {
    pub(super) namespace: Option<String>,
    pub(super) cluster_name: String,
    pub(super) cluster: Cluster,
    pub(super) user_name: String,
    pub(super) user: AuthInfo,
    /// A context, the current one or `--context`, that no file defines.
    pub(super) missing_context: Option<String>,
    /// Whether that context was named by flag.
    pub(super) context_is_flag: bool,
    /// Whether the namespace was named by flag.
    pub(super) namespace_is_flag: bool,
    /// `--user` names a user that no file defines.
    pub(super) user_is_missing: bool,
    /// `--cluster` names a cluster that no file defines.
    pub(super) cluster_is_missing: bool,
}

impl Selected {
    /// Whether nothing was configured, so that a pod's own service account should be tried.
    pub(super) fn is_default(&self) -> bool {
        self.cluster.server.as_deref() == Some(&default_server())
            && self.cluster.certificate_authority.is_none()
            && self.cluster.certificate_authority_data.is_none()
            && self.cluster.insecure_skip_tls_verify.is_none()
    }
}

/// Looks up what `args` and the files mean. What is missing is noted, not judged.
pub(super) fn select(files: &Kubeconfig, args: &ConnectionOptions) -> Selected {
    let context_flag = present(args.context.clone());
    let context_is_flag = context_flag.is_some();
    let context_name = context_flag.or_else(|| files.current_context.clone());
    let context = context_name.as_ref().map(|name| find_context(files, name));
    let missing_context = match &context {
        Some(None) => context_name.clone(),
        _ => None,
    };
    let context = context.flatten().unwrap_or_default();

    let cluster_flag = present(args.cluster.clone());
    let cluster_name = cluster_flag.clone().unwrap_or(context.cluster);
    let cluster = find_cluster(files, &cluster_name);
    let user_flag = present(args.user.clone());
    let user_name = user_flag.clone().or(context.user).unwrap_or_default();
    let user = find_user(files, &user_name);

    let cluster_is_missing = cluster_flag.is_some() && cluster.is_none();
    let user_is_missing = user_flag.is_some() && user.is_none();
    Selected {
        namespace_is_flag: args.namespace.as_ref().is_some_and(|name| !name.is_empty()),
        namespace: present(args.namespace.clone()).or_else(|| present(context.namespace)),
        cluster: if cluster_is_missing {
            Cluster::default()
        } else {
            override_cluster(clean_cluster(cluster.unwrap_or_default()), args)
        },
        cluster_name,
        user: if user_is_missing {
            AuthInfo::default()
        } else {
            override_user(clean_user(user.unwrap_or_default()), args)
        },
        user_name,
        missing_context,
        context_is_flag,
        user_is_missing,
        cluster_is_missing,
    }
}

fn find_context(files: &Kubeconfig, name: &str) -> Option<Context> {
    let named = files.contexts.iter().find(|context| context.name == name)?;
    Some(named.context.clone().unwrap_or_default())
}

fn find_cluster(files: &Kubeconfig, name: &str) -> Option<Cluster> {
    let named = files.clusters.iter().find(|cluster| cluster.name == name)?;
    Some(named.cluster.clone().unwrap_or_default())
}

fn find_user(files: &Kubeconfig, name: &str) -> Option<AuthInfo> {
    let named = files.auth_infos.iter().find(|user| user.name == name)?;
    Some(named.auth_info.clone().unwrap_or_default())
}

/// `KUBERNETES_MASTER`, or where an insecure API server used to listen.
fn default_server() -> String {
    env::var("KUBERNETES_MASTER")
        .ok()
        .filter(|server| !server.is_empty())
        .unwrap_or_else(|| String::from("http://localhost:8080"))
}

fn override_cluster(mut cluster: Cluster, args: &ConnectionOptions) -> Cluster {
    let server = present(args.server.clone());
    let tls_server_name = present(args.tls_server_name.clone());
    let authority = present(args.certificate_authority.clone());
    // A server named by flag does not inherit the name that another server's certificate carries.
    if server.is_some() || tls_server_name.is_some() {
        cluster.tls_server_name = tls_server_name;
    }
    cluster.server = server.or(cluster.server).or_else(|| Some(default_server()));
    if args.disable_compression {
        cluster.disable_compression = Some(true);
    }
    if args.insecure_skip_tls_verify || authority.is_some() {
        cluster.insecure_skip_tls_verify = Some(args.insecure_skip_tls_verify);
        cluster.certificate_authority = authority;
        cluster.certificate_authority_data = None;
    }
    cluster
}

fn override_user(mut user: AuthInfo, args: &ConnectionOptions) -> AuthInfo {
    if let Some(certificate) = present(args.client_certificate.clone()) {
        user.client_certificate = Some(certificate);
        user.client_certificate_data = None;
    }
    if let Some(key) = present(args.client_key.clone()) {
        user.client_key = Some(key);
        user.client_key_data = None;
    }
    if let Some(token) = present(args.token.clone()) {
        user.token = Some(token.into());
        user.token_file = None;
    }
    user.impersonate = present(args.as_user.clone()).or(user.impersonate);
    user.impersonate_uid = present(args.as_uid.clone()).or(user.impersonate_uid);
    if !args.as_group.is_empty() {
        user.impersonate_groups = Some(args.as_group.clone());
    }
    user
}

fn clean_cluster(cluster: Cluster) -> Cluster {
    Cluster {
        server: present(cluster.server),
        certificate_authority: present(cluster.certificate_authority),
        certificate_authority_data: present(cluster.certificate_authority_data),
        proxy_url: present(cluster.proxy_url),
        tls_server_name: present(cluster.tls_server_name),
        ..cluster
    }
}

fn clean_user(user: AuthInfo) -> AuthInfo {
    AuthInfo {
        username: present(user.username),
        password: present_secret(user.password),
        token: present_secret(user.token),
        token_file: present(user.token_file),
        client_certificate: present(user.client_certificate),
        client_certificate_data: present(user.client_certificate_data),
        client_key: present(user.client_key),
        client_key_data: present_secret(user.client_key_data),
        impersonate: present(user.impersonate),
        impersonate_uid: present(user.impersonate_uid),
        impersonate_groups: user.impersonate_groups.filter(|groups| !groups.is_empty()),
        impersonate_user_extra: user.impersonate_user_extra.filter(|extra| !extra.is_empty()),
        ..user
    }
}

fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn present_secret(secret: Option<SecretString>) -> Option<SecretString> {
    secret.filter(|secret| !secret.expose_secret().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r"
current-context: dev
contexts:
- {name: dev, context: {cluster: one, user: ann, namespace: shop}}
- {name: bare, context: {cluster: two}}
- {name: dangling, context: {cluster: gone, user: gone}}
clusters:
- {name: one, cluster: {server: 'https://one', certificate-authority: /ca, tls-server-name: one.internal}}
- {name: two, cluster: {server: 'https://two'}}
users:
- {name: ann, user: {client-certificate: /ann.crt, client-key: /ann.key}}
- {name: bob, user: {token: secret}}
";

    fn selected(change: impl FnOnce(&mut ConnectionOptions)) -> Selected {
        let files: Kubeconfig = Kubeconfig::from_yaml(FILE).unwrap();
        let mut args = ConnectionOptions::default();
        change(&mut args);
        select(&files, &args)
    }

    #[test]
    fn context_gives_cluster_user_and_namespace() {
        let plain = selected(|_| ());
        assert_eq!(plain.cluster.server.as_deref(), Some("https://one"));
        assert_eq!(plain.user_name, "ann");
        assert_eq!(plain.namespace.as_deref(), Some("shop"));

        let bare = selected(|args| args.context = Some("bare".into()));
        assert_eq!(bare.cluster.server.as_deref(), Some("https://two"));
        assert_eq!((bare.user_name.as_str(), bare.namespace), ("", None));
    }

    #[test]
    fn flags_win_over_files() {
        let all = selected(|args| {
            args.namespace = Some("other".into());
            args.user = Some("bob".into());
            args.server = Some("https://three".into());
        });
        assert_eq!(all.namespace.as_deref(), Some("other"));
        assert_eq!(all.user_name, "bob");
        assert_eq!(all.cluster.server.as_deref(), Some("https://three"));
        assert_eq!(all.cluster.tls_server_name, None, "another server, another name");
        assert_eq!(all.cluster.certificate_authority.as_deref(), Some("/ca"));

        let insecure = selected(|args| args.insecure_skip_tls_verify = true);
        assert_eq!(insecure.cluster.certificate_authority, None);
    }

    #[test]
    fn what_does_not_exist_is_noted() {
        let context = selected(|args| args.context = Some("nope".into()));
        assert_eq!(context.missing_context.as_deref(), Some("nope"));
        let user = selected(|args| args.user = Some("nope".into()));
        assert!(user.user_is_missing);
        let cluster = selected(|args| args.cluster = Some("nope".into()));
        assert!(cluster.cluster_is_missing && cluster.cluster.server.is_none());
        let dangling = selected(|args| args.context = Some("dangling".into()));
        assert_eq!(dangling.cluster.server.as_deref(), Some("http://localhost:8080"));
    }
}

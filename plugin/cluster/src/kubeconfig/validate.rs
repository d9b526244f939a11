//! What client-go refuses before it sends anything (`tools/clientcmd/validation.go`), in its words.

use std::fs::File;

use anyhow::{Result, anyhow};
use kube::config::ExecConfig;

use super::select::Selected;
use crate::{Verbatim, go};

/// Refuses a configuration that cannot work. Which of several faults is told first depends, as in
/// kubectl, on whether the namespace has to be looked up in the context.
pub(super) fn validate(selected: &Selected) -> Result<()> {
    if selected.namespace_is_flag {
        named_by_flag(selected)?;
        usable(selected)
    } else {
        usable(selected)?;
        named_by_flag(selected)
    }
}

/// What a flag names must exist.
fn named_by_flag(selected: &Selected) -> Result<()> {
    if selected.user_is_missing {
        return Err(anyhow!("auth info {} does not exist", go::quote(&selected.user_name)));
    }
    if let Some(name) = selected.missing_context.as_ref().filter(|_| selected.context_is_flag) {
        return Err(anyhow!("context {} does not exist", go::quote(name)));
    }
    if selected.cluster_is_missing {
        return Err(anyhow!("cluster {} does not exist", go::quote(&selected.cluster_name)));
    }
    Ok(())
}

/// What was selected must make sense.
fn usable(selected: &Selected) -> Result<()> {
    let mut problems = Vec::new();
    if let Some(name) = &selected.missing_context {
        problems.push(format!("context was not found for specified context: {name}"));
    }
    problems.extend(user_problems(selected));
    problems.extend(cluster_problems(selected));
    match problems.as_slice() {
        [] => Ok(()),
        [problem] if selected.missing_context.is_some() => {
            Err(Verbatim(format!("Error in configuration: {problem}")).into())
        }
        [problem] => Err(anyhow!("{problem}")),
        several => {
            let list = several.join("\n* ");
            Err(Verbatim(format!("Error in configuration: \n* {list}")).into())
        }
    }
}

fn user_problems(selected: &Selected) -> Vec<String> {
    let (user, name) = (&selected.user, &selected.user_name);
    let mut problems = Vec::new();
    if user.client_certificate.is_some() || user.client_certificate_data.is_some() {
        problems.extend(certificate_problems(selected));
    }
    if let Some(exec) = &user.exec {
        if user.auth_provider.is_some() {
            problems.push(format!(
                "authProvider cannot be provided in combination with an exec plugin for {name}"
            ));
        }
        problems.extend(plugin_problems(exec, name));
    }
    if user.token.is_some() && (user.username.is_some() || user.password.is_some()) {
        problems.push(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        ));
    }
    let details = user.impersonate_uid.is_some()
        || user.impersonate_groups.is_some()
        || user.impersonate_user_extra.is_some();
    if details && user.impersonate.is_none() {
        problems.push(format!(
            "requesting uid, groups or user-extra for {name} without impersonating a user"
        ));
    }
    problems
}

fn certificate_problems(selected: &Selected) -> Vec<String> {
    let (user, name) = (&selected.user, &selected.user_name);
    let mut problems = Vec::new();
    if user.client_certificate.is_some() && user.client_certificate_data.is_some() {
        problems.push(format!(
            "client-cert-data and client-cert are both specified for {name}. client-cert-data will override."
        ));
    }
    if user.client_key.is_some() && user.client_key_data.is_some() {
        problems.push(format!(
            "client-key-data and client-key are both specified for {name}; client-key-data will override"
        ));
    }
    if user.client_key.is_none() && user.client_key_data.is_none() {
        problems.push(format!(
            "client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
        ));
    }
    problems.extend(unreadable("client-cert", user.client_certificate.as_deref(), name));
    problems.extend(unreadable("client-key", user.client_key.as_deref(), name));
    problems
}

fn plugin_problems(exec: &ExecConfig, name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let absent = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
    let missing = |what: &str| {
        format!("{what} must be specified for {name} to use exec authentication plugin")
    };
    if absent(&exec.command) {
        problems.push(missing("command"));
    }
    if absent(&exec.api_version) {
        problems.push(missing("apiVersion"));
    }
    let nameless = |variable: &std::collections::HashMap<String, String>| {
        variable.get("name").is_none_or(String::is_empty)
    };
    if exec.env.iter().flatten().any(nameless) {
        problems.push(missing("env variable name"));
    }
    // v1 has no default; v1beta1's default is IfAvailable.
    let beta = exec.api_version.as_deref() == Some("client.authentication.k8s.io/v1beta1");
    if exec.interactive_mode.is_none() && !beta {
        problems.push(missing("interactiveMode"));
    }
    problems
}

fn cluster_problems(selected: &Selected) -> Vec<String> {
    let (cluster, name) = (&selected.cluster, &selected.cluster_name);
    let mut problems = Vec::new();
    if cluster.server.is_none() {
        problems.push(match name.as_str() {
            "" => String::from("default cluster has no server defined"),
            name => format!("no server found for cluster {}", go::quote(name)),
        });
    }
    if cluster.certificate_authority.is_some() && cluster.certificate_authority_data.is_some() {
        problems.push(format!(
            "certificate-authority-data and certificate-authority are both specified for {name}. \
             certificate-authority-data will override."
        ));
    }
    let authority = cluster.certificate_authority.as_deref();
    problems.extend(unreadable("certificate-authority", authority, name));
    problems
}

fn unreadable(what: &str, path: Option<&str>, owner: &str) -> Option<String> {
    let path = path?;
    let error = File::open(path).err()?;
    Some(format!(
        "unable to read {what} {path} for {owner} due to open {path}: {}",
        go::errno(&error)
    ))
}

#[cfg(test)]
mod tests {
    use kube::config::{AuthInfo, Cluster};

    use super::*;

    type Change = fn(&mut Selected);

    fn complaint(change: Change) -> Option<String> {
        let mut selected = Selected {
            cluster_name: "c".into(),
            cluster: Cluster { server: Some("https://c".into()), ..Cluster::default() },
            user_name: "u".into(),
            user: AuthInfo::default(),
            ..Selected::default()
        };
        change(&mut selected);
        validate(&selected).err().map(|error| error.to_string())
    }

    #[test]
    fn speaks_as_kubectl() {
        let cases: [(&str, Change, Option<&str>); 6] = [
            ("usable", |_| (), None),
            (
                "context",
                |s| s.missing_context = Some("x".into()),
                Some("Error in configuration: context was not found for specified context: x"),
            ),
            ("cluster", |s| s.cluster.server = None, Some("no server found for cluster \"c\"")),
            ("user", |s| s.user_is_missing = true, Some("auth info \"u\" does not exist")),
            (
                "file",
                |s| s.cluster.certificate_authority = Some("/nope".into()),
                Some(
                    "unable to read certificate-authority /nope for c due to open /nope: no such file or directory",
                ),
            ),
            (
                "several",
                |s| {
                    s.cluster.server = None;
                    s.user.impersonate_uid = Some("7".into());
                },
                Some(
                    "Error in configuration: \n* requesting uid, groups or user-extra for u without impersonating a user\n* no server found for cluster \"c\"",
                ),
            ),
        ];
        for (name, change, expected) in cases {
            assert_eq!(complaint(change).as_deref(), expected, "{name}");
        }
    }
}

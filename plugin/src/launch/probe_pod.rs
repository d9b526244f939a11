//! What all probe pods have in common, those of a check and those of a monitor.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, PodSecurityContext, PodSpec, ResourceRequirements, SeccompProfile,
        SecurityContext,
    },
    apimachinery::pkg::api::resource::Quantity,
};

/// Name of the probe's container.
pub(crate) const CONTAINER: &str = "probe";
/// The user that every probe runs as.
const NOBODY: i64 = 65532;

/// Labels of everything that belongs to a probe.
#[must_use]
pub(crate) fn labels(component: &str, instance: &str) -> BTreeMap<String, String> {
    [
        ("app.kubernetes.io/name", "kubectl-pods"),
        ("app.kubernetes.io/component", component),
        ("app.kubernetes.io/instance", instance),
        ("app.kubernetes.io/managed-by", "kubectl-pods"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// What every probe pod has in common: Pod Security `restricted`, no token, nothing of the namespace's Services.
#[must_use]
pub(crate) fn restricted_pod() -> PodSpec {
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        // Its results are in its log before it ends: there is nothing to wait for.
        termination_grace_period_seconds: Some(0),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(NOBODY),
            run_as_group: Some(NOBODY),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                ..SeccompProfile::default()
            }),
            ..PodSecurityContext::default()
        }),
        ..PodSpec::default()
    }
}

/// The container's half of Pod Security `restricted`.
#[must_use]
pub(crate) fn restricted_container() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            ..Capabilities::default()
        }),
        ..SecurityContext::default()
    }
}

/// Requests and a memory limit. No CPU limit: a throttled probe would blame the network for its own pauses.
#[must_use]
pub(crate) fn resources(cpu: &str, memory: &str, memory_limit: &str) -> ResourceRequirements {
    let quantity = |name: &str, amount: &str| (name.to_owned(), Quantity(amount.to_owned()));
    ResourceRequirements {
        requests: Some([quantity("cpu", cpu), quantity("memory", memory)].into()),
        limits: Some([quantity("memory", memory_limit)].into()),
        ..ResourceRequirements::default()
    }
}

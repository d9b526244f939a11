//! What all probe pods have in common, those of a check and those of a monitor.

use std::{collections::BTreeMap, path::Path};

use k8s_openapi::{
    api::core::v1::{
        Affinity, Capabilities, ConfigMapVolumeSource, NodeAffinity, NodeSelector,
        NodeSelectorTerm, Pod, PodSecurityContext, PodSpec, ResourceRequirements, SeccompProfile,
        SecurityContext, Volume, VolumeMount,
    },
    apimachinery::pkg::api::resource::Quantity,
};
use kubectl_pods_report::CLUSTER_CA_FILE;

/// Name of the probe's container.
pub(crate) const CONTAINER: &str = "probe";

/// What all that we make has.
const MANAGED_BY_US: (&str, &str) = ("app.kubernetes.io/managed-by", "kubectl-pods");

/// [`labels`]' component of what a check makes.
pub(crate) const ONE_SHOT: &str = "probe";

/// Labels of everything that belongs to a probe.
#[must_use]
pub(crate) fn labels(component: &str, instance: &str) -> BTreeMap<String, String> {
    [
        ("app.kubernetes.io/name", "kubectl-pods"),
        ("app.kubernetes.io/component", component),
        ("app.kubernetes.io/instance", instance),
        MANAGED_BY_US,
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// Whether it is the pod of a check, anybody's.
#[must_use]
pub(crate) fn is_one_shot(pod: &Pod) -> bool {
    let has = |(label, value): (&str, &str)| {
        let own = pod.metadata.labels.as_ref().and_then(|own| own.get(label));
        own.is_some_and(|own| own == value)
    };
    has(MANAGED_BY_US) && has(("app.kubernetes.io/component", ONE_SHOT))
}

/// What every probe pod has in common: Pod Security `restricted`, no token, nothing of the namespace's Services. No user:
/// the image says which one, by number, unless admission says it, as where each namespace has UIDs of its own (`OpenShift`).
#[must_use]
pub(crate) fn restricted_pod() -> PodSpec {
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        // Its results are in its log before it ends: there is nothing to wait for.
        termination_grace_period_seconds: Some(0),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                ..SeccompProfile::default()
            }),
            ..PodSecurityContext::default()
        }),
        ..PodSpec::default()
    }
}

/// Gives the probe in `pod` the certificate of the cluster's own authority, which every namespace has as a ConfigMap, where
/// it looks for it. A cluster without one is no reason not to run.
pub(crate) fn mount_cluster_ca(pod: &mut PodSpec) {
    const VOLUME: &str = "cluster-ca";
    let file = Path::new(CLUSTER_CA_FILE);
    let folder = file.parent().unwrap_or(file).display().to_string();
    pod.volumes.get_or_insert_default().push(Volume {
        name: VOLUME.to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: "kube-root-ca.crt".to_owned(),
            optional: Some(true),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    });
    let probes = pod.containers.iter_mut().filter(|container| container.name == CONTAINER);
    for probe in probes {
        probe.volume_mounts.get_or_insert_default().push(VolumeMount {
            name: VOLUME.to_owned(),
            mount_path: folder.clone(),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }
}

/// Keeps a pod to the nodes that `term` describes.
#[must_use]
pub(crate) fn on_nodes(term: NodeSelectorTerm) -> Affinity {
    let nodes = NodeSelector { node_selector_terms: vec![term] };
    Affinity {
        node_affinity: Some(NodeAffinity {
            required_during_scheduling_ignored_during_execution: Some(nodes),
            ..NodeAffinity::default()
        }),
        ..Affinity::default()
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

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    #[test]
    fn a_probe_of_a_check_is_known_by_its_labels() {
        let pod = |labels| Pod {
            metadata: ObjectMeta { labels, ..ObjectMeta::default() },
            ..Pod::default()
        };
        let foreign = [("app.kubernetes.io/component".to_owned(), ONE_SHOT.to_owned())].into();
        let cases = [
            ("of a check", Some(labels(ONE_SHOT, "x")), true),
            ("a standing one", Some(labels("monitor", "x")), false),
            ("of another program", Some(foreign), false),
            ("without labels", None, false),
        ];
        for (name, labels, expected) in cases {
            assert_eq!(is_one_shot(&pod(labels)), expected, "{name}");
        }
    }
}

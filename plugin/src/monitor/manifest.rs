//! What a standing probe consists of: a `ConfigMap` with its plan, which owns a `DaemonSet`.
//!
//! The first is the anchor: it exists before the second, which needs it, and deleting it removes everything. The
//! plan's digest stands in the pod template, so that new targets roll through at once instead of whenever the kubelets
//! next look at their volumes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet},
        core::v1::{
            Affinity, ConfigMap, ConfigMapVolumeSource, Container, ContainerPort, EnvVar,
            EnvVarSource, HTTPGetAction, NodeSelectorRequirement, NodeSelectorTerm,
            ObjectFieldSelector, PodSpec, PodTemplateSpec, Probe, Toleration, Volume, VolumeMount,
        },
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference},
        util::intstr::IntOrString,
    },
};
use kubectl_pods_report::{NODE_VARIABLE, POD_VARIABLE, STANDING_PORT};
use oci::Architecture;
use sha2::{Digest as _, Sha256};

use crate::launch::{self, Carrier, PodShape, keep_to, probe_pod};

/// Value of `app.kubernetes.io/component`.
const COMPONENT: &str = "monitor";
const PLAN_FILE: &str = "plan.json";
const CONFIG_DIR: &str = "/etc/kubectl-pods";
const PORT_NAME: &str = "metrics";
const DATAGRAM_PORT_NAME: &str = "echo";
/// Labels of nodes that are no machines but a promise of some: virtual-kubelet, and Fargate of EKS. They take no DaemonSet,
/// and their taints keep none away that tolerates all.
const VIRTUAL_NODES: [(&str, &str); 2] =
    [("type", "virtual-kubelet"), ("eks.amazonaws.com/compute-type", "fargate")];

/// Label selector, as a query, of everything that belongs to the standing probe `name`.
pub(super) fn selector(name: &str) -> String {
    format!("app.kubernetes.io/component={COMPONENT},app.kubernetes.io/instance={name}")
}

/// Whether an object was made by this program as part of the standing probe `name`.
pub(super) fn is_ours(metadata: &ObjectMeta, name: &str) -> bool {
    let labels = metadata.labels.as_ref();
    labels.is_some_and(|labels| {
        probe_pod::labels(COMPONENT, name).iter().all(|(key, value)| labels.get(key) == Some(value))
    })
}

fn metadata(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(probe_pod::labels(COMPONENT, name)),
        ..ObjectMeta::default()
    }
}

/// What a standing probe is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    /// Its name, and that of every object of it.
    pub name: &'a str,
    /// Image of the probe.
    pub image: &'a str,
    /// The plan, as the probe will read it.
    pub plan_json: &'a str,
    /// What carries the probe in place of its own image.
    pub carrier: Option<&'a Carrier>,
    /// What the user asks of its pods.
    pub shape: &'a PodShape,
}

impl Values<'_> {
    /// What the names of the `ConfigMaps` with the carried probes begin with: those of another release are others, because
    /// the pods that use these must not find them changed.
    fn parts_name(&self, carrier: &Carrier) -> String {
        format!("{}-{}", self.name, carrier.digest())
    }
}

/// Everything that a standing probe is made of.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    /// The anchor, with the plan. It owns all else; see [`own`].
    pub config_map: ConfigMap,
    /// The probe itself, if another image carries it.
    pub carried: Vec<ConfigMap>,
    /// One probe on each node.
    pub daemon_set: DaemonSet,
}

/// The objects of these values. Nothing in them is known only once they are in a cluster.
///
/// # Errors
///
/// When the pods cannot have the shape that they are to have.
pub(super) fn objects(values: &Values<'_>) -> anyhow::Result<Objects> {
    let labels = probe_pod::labels(COMPONENT, values.name);
    let parts =
        values.carrier.map(|carrier| carrier.config_maps(&values.parts_name(carrier), &labels));
    Ok(Objects {
        config_map: config_map(values),
        carried: parts.unwrap_or_default(),
        daemon_set: daemon_set(values)?,
    })
}

/// Makes the anchor, as the API server gave it, the owner of `object`: deleting it removes everything.
///
/// # Errors
///
/// When the server gave it no uid.
pub(super) fn own(anchor: &ConfigMap, object: &mut ObjectMeta) -> anyhow::Result<()> {
    let uid = anchor.metadata.uid.clone();
    object.owner_references = Some(vec![OwnerReference {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        name: anchor.metadata.name.clone().unwrap_or_default(),
        uid: uid.context("the API server gave the ConfigMap no uid")?,
        ..OwnerReference::default()
    }]);
    Ok(())
}

/// Names of the `ConfigMaps` in which the pods of a DaemonSet find their program, if another image carries it.
pub(super) fn carried_in(daemon_set: &DaemonSet) -> Vec<String> {
    let pod = daemon_set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    pod.into_iter().flat_map(launch::carried_in).map(str::to_owned).collect()
}

fn config_map(values: &Values<'_>) -> ConfigMap {
    ConfigMap {
        metadata: metadata(values.name),
        data: Some([(PLAN_FILE.to_owned(), values.plan_json.to_owned())].into()),
        ..ConfigMap::default()
    }
}

fn daemon_set(values: &Values<'_>) -> anyhow::Result<DaemonSet> {
    let all_at_once = RollingUpdateDaemonSet {
        max_unavailable: Some(IntOrString::String("100%".to_owned())),
        ..RollingUpdateDaemonSet::default()
    };
    let labels = probe_pod::labels(COMPONENT, values.name);
    let (mut metadata, mut template) = (metadata(values.name), template(values, labels.clone()));
    let pod = template.spec.get_or_insert_default();
    keep_to(&Architecture::ALL, pod);
    if let Some(carrier) = values.carrier {
        carrier.apply(&values.parts_name(carrier), pod);
    }
    values.shape.apply(&mut metadata, &mut template)?;
    Ok(DaemonSet {
        metadata,
        spec: Some(DaemonSetSpec {
            selector: LabelSelector { match_labels: Some(labels), ..LabelSelector::default() },
            template,
            update_strategy: Some(DaemonSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(all_at_once),
            }),
            ..DaemonSetSpec::default()
        }),
        ..DaemonSet::default()
    })
}

fn template(values: &Values<'_>, labels: BTreeMap<String, String>) -> PodTemplateSpec {
    let port = STANDING_PORT.to_string();
    let annotations = [
        ("kubectl-pods/plan-sha256", HEXLOWER.encode(&Sha256::digest(values.plan_json))),
        ("prometheus.io/scrape", "true".to_owned()),
        ("prometheus.io/port", port),
        ("prometheus.io/path", "/metrics".to_owned()),
    ];
    let mut pod = PodSpec {
        containers: vec![container(values.image)],
        affinity: Some(on_machines()),
        // A node is to be watched whatever its taints keep away, unless the user says which.
        tolerations: (!values.shape.has_tolerations()).then(|| {
            vec![Toleration { operator: Some("Exists".to_owned()), ..Toleration::default() }]
        }),
        volumes: Some(vec![Volume {
            name: "config".to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: values.name.to_owned(),
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        }]),
        // Long enough to answer a scrape that is under way.
        termination_grace_period_seconds: Some(5),
        ..probe_pod::restricted_pod()
    };
    probe_pod::mount_cluster_ca(&mut pod);
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            annotations: Some(annotations.map(|(key, value)| (key.to_owned(), value)).into()),
            ..ObjectMeta::default()
        }),
        spec: Some(pod),
    }
}

/// Keeps it from nodes that only look like some.
fn on_machines() -> Affinity {
    let is_none = |(key, value): (&str, &str)| NodeSelectorRequirement {
        key: key.to_owned(),
        operator: "NotIn".to_owned(),
        values: Some(vec![value.to_owned()]),
    };
    let term = NodeSelectorTerm {
        match_expressions: Some(VIRTUAL_NODES.map(is_none).into()),
        ..NodeSelectorTerm::default()
    };
    probe_pod::on_nodes(term)
}

fn container(image: &str) -> Container {
    let args = [
        "serve".to_owned(),
        format!("--config={CONFIG_DIR}/{PLAN_FILE}"),
        format!("--listen=[::]:{STANDING_PORT}"),
    ];
    Container {
        name: probe_pod::CONTAINER.to_owned(),
        image: Some(image.to_owned()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        args: Some(args.into()),
        env: Some(vec![told(NODE_VARIABLE, "spec.nodeName"), told(POD_VARIABLE, "metadata.name")]),
        ports: Some(vec![declared(PORT_NAME, "TCP"), declared(DATAGRAM_PORT_NAME, "UDP")]),
        readiness_probe: Some(Probe { period_seconds: Some(2), ..ask("/readyz") }),
        liveness_probe: Some(Probe { period_seconds: Some(10), ..ask("/healthz") }),
        resources: Some(probe_pod::resources("10m", "32Mi", "128Mi")),
        security_context: Some(probe_pod::restricted_container()),
        volume_mounts: Some(vec![VolumeMount {
            name: "config".to_owned(),
            mount_path: CONFIG_DIR.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        }]),
        ..Container::default()
    }
}

/// A variable that tells a pod what stands at `field_path` of itself.
fn told(variable: &str, field_path: &str) -> EnvVar {
    let field =
        ObjectFieldSelector { field_path: field_path.to_owned(), ..ObjectFieldSelector::default() };
    EnvVar {
        name: variable.to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        ..EnvVar::default()
    }
}

/// The port of a standing probe, which has one number in both protocols.
fn declared(name: &str, protocol: &str) -> ContainerPort {
    ContainerPort {
        name: Some(name.to_owned()),
        container_port: i32::from(STANDING_PORT),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    }
}

fn ask(path: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(PORT_NAME.to_owned()),
            ..HTTPGetAction::default()
        }),
        timeout_seconds: Some(2),
        ..Probe::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::{Value, json};

    use super::{ConfigMap, Objects, PodShape, Values, own};

    fn objects() -> Objects {
        static SHAPE: LazyLock<PodShape> = LazyLock::new(PodShape::default);
        let values = Values {
            name: "kubectl-pods-monitor",
            image: "probe:1",
            plan_json: "{}",
            carrier: None,
            shape: &SHAPE,
        };
        super::objects(&values).expect("objects")
    }

    #[test]
    fn it_is_on_every_machine_that_it_is_built_for_and_on_no_virtual_node() {
        let pods =
            serde_json::to_value(objects().daemon_set).expect("JSON")["spec"]["template"].take();
        let spec = &pods["spec"];
        assert_eq!(spec["nodeSelector"], json!({"kubernetes.io/os": "linux"}));
        assert_eq!(spec["tolerations"], json!([{"operator": "Exists"}]));
        let required =
            &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let none_of =
            |key: &str, value: &str| json!({"key": key, "operator": "NotIn", "values": [value]});
        let nodes = [
            none_of("type", "virtual-kubelet"),
            none_of("eks.amazonaws.com/compute-type", "fargate"),
            json!({"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]}),
        ];
        assert_eq!(required["nodeSelectorTerms"], json!([{"matchExpressions": nodes}]));
    }

    #[test]
    fn it_answers_over_tcp_and_udp_at_one_port_and_knows_who_it_is() {
        let pods =
            serde_json::to_value(objects().daemon_set).expect("JSON")["spec"]["template"].take();
        let container = &pods["spec"]["containers"][0];
        let port = |name: &str, protocol: &str| json!({"name": name, "containerPort": 9475, "protocol": protocol});
        assert_eq!(container["ports"], json!([port("metrics", "TCP"), port("echo", "UDP")]));
        let told = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
        let known =
            [told("KUBECTL_PODS_NODE", "spec.nodeName"), told("KUBECTL_PODS_POD", "metadata.name")];
        assert_eq!(container["env"], json!(known));
    }

    #[test]
    fn the_owner_is_added_when_the_cluster_has_one() {
        let mut made = objects();
        assert!(made.daemon_set.metadata.owner_references.is_none());
        let no_uid = own(&made.config_map, &mut made.daemon_set.metadata);
        assert!(no_uid.is_err(), "an anchor that is in no cluster owns nothing");
        let mut anchor: ConfigMap = made.config_map.clone();
        anchor.metadata.uid = Some("uid".to_owned());
        own(&anchor, &mut made.daemon_set.metadata).expect("an owner");
        let owners =
            serde_json::to_value(&made.daemon_set).expect("JSON")["metadata"]["ownerReferences"]
                .take();
        let owner = serde_json::json!({
            "apiVersion": "v1", "kind": "ConfigMap", "name": "kubectl-pods-monitor", "uid": "uid",
        });
        assert_eq!(owners, serde_json::json!([owner]));
    }

    /// What `deploy/prometheus.yml` looks for is what the probes have. (No promtool here: Debian's is built without
    /// Kubernetes discovery and refuses `kubernetes_sd_configs`.)
    #[test]
    fn the_documented_scrape_job_finds_the_probes() {
        let file = include_str!("../../../deploy/prometheus.yml");
        let config: Value = serde_saphyr::from_str(file).expect("YAML");
        let job = &config["scrape_configs"][0];
        let pod =
            serde_json::to_value(objects().daemon_set).expect("JSON")["spec"]["template"].take();

        let discovery = &job["kubernetes_sd_configs"][0];
        assert_eq!(discovery["role"], "pod");
        let selector = discovery["selectors"][0]["label"].as_str().expect("a selector");
        for label in selector.split(',') {
            let (key, value) = label.split_once('=').expect("KEY=VALUE");
            assert_eq!(pod["metadata"]["labels"][key], value, "{key}");
        }
        let rules = job["relabel_configs"].as_array().expect("a list");
        let source = "__meta_kubernetes_pod_container_port_name";
        let keep = rules.iter().find(|rule| rule["source_labels"][0] == source);
        let keep = keep.expect("a rule that keeps one port");
        assert_eq!(keep["action"], "keep");
        assert_eq!(keep["regex"], pod["spec"]["containers"][0]["ports"][0]["name"]);
        let path = &pod["metadata"]["annotations"]["prometheus.io/path"];
        assert_eq!(job["metrics_path"].as_str().unwrap_or("/metrics"), path);
    }
}

//! What the user asks of the probe's pod beyond what every probe is, and the one place that puts it into a manifest.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        LocalObjectReference, PodSpec, PodTemplateSpec, ResourceRequirements, Toleration,
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};

use super::{overrides::Overrides, probe_pod::CONTAINER};
use crate::cli::PodArgs;

/// The image is of this system. Where there are nodes of others, the scheduler has to know.
const LINUX: (&str, &str) = ("kubernetes.io/os", "linux");

/// Labels that tell a service mesh to leave a pod alone: Istio (sidecars, ambient), Kuma.
const NO_MESH_LABELS: [(&str, &str); 3] = [
    ("sidecar.istio.io/inject", "false"),
    ("istio.io/dataplane-mode", "none"),
    ("kuma.io/sidecar-injection", "disabled"),
];
/// Annotations that do: Linkerd, Consul, Open Service Mesh, AWS App Mesh, and Istio before 1.13.
const NO_MESH_ANNOTATIONS: [(&str, &str); 5] = [
    ("linkerd.io/inject", "disabled"),
    ("consul.hashicorp.com/connect-inject", "false"),
    ("openservicemesh.io/sidecar-injection", "disabled"),
    ("appmesh.k8s.aws/sidecarInjectorWebhook", "disabled"),
    ("sidecar.istio.io/inject", "false"),
];

/// Asks Istio (`ProxyConfig.holdApplicationUntilProxyStarts`) and Kuma to have their sidecar ready before the probe begins:
/// what is refused until then says nothing about a target. Linkerd waits by itself, and a kubelet waits for sidecars that are
/// init containers (KEP-753).
const AFTER_SIDECAR: [(&str, &str); 2] = [
    ("proxy.istio.io/config", "{\"holdApplicationUntilProxyStarts\": true}"),
    ("kuma.io/wait-for-dataplane-ready", "true"),
];

/// What the user asks of the probe's pod.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PodShape {
    node_selector: BTreeMap<String, String>,
    tolerations: Vec<Toleration>,
    priority_class: Option<String>,
    requests: BTreeMap<String, Quantity>,
    limits: BTreeMap<String, Quantity>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    service_account: Option<String>,
    pull_secrets: Vec<String>,
    host_network: bool,
    overrides: Option<Overrides>,
}

impl PodShape {
    /// What the flags ask for.
    #[must_use]
    pub(crate) fn new(args: &PodArgs) -> Self {
        let mut labels: BTreeMap<_, _> = args.labels.iter().cloned().collect();
        let mut annotations: BTreeMap<_, _> = args.annotations.iter().cloned().collect();
        if args.no_sidecar {
            labels.extend(owned(&NO_MESH_LABELS));
            annotations.extend(owned(&NO_MESH_ANNOTATIONS));
        } else {
            for (key, value) in owned(&AFTER_SIDECAR) {
                annotations.entry(key).or_insert(value);
            }
        }
        Self {
            node_selector: args.node_selector.iter().cloned().collect(),
            tolerations: args.tolerations.clone(),
            priority_class: args.priority_class.clone(),
            requests: args.requests.iter().cloned().collect(),
            limits: args.limits.iter().cloned().collect(),
            labels,
            annotations,
            service_account: args.service_account.clone(),
            pull_secrets: args.image_pull_secret.clone(),
            host_network: args.host_network,
            overrides: Overrides::new(args.overrides.as_ref(), args.override_type),
        }
    }

    /// Whether it says which taints are tolerated.
    #[must_use]
    pub(crate) const fn has_tolerations(&self) -> bool {
        !self.tolerations.is_empty()
    }

    /// Puts it into `template`, the pods of the workload with this `metadata`. What is overridden comes last.
    ///
    /// # Errors
    ///
    /// When nothing that can be a probe's pod is left after the overrides.
    pub(crate) fn apply(
        &self,
        metadata: &mut ObjectMeta,
        template: &mut PodTemplateSpec,
    ) -> anyhow::Result<()> {
        self.mark(metadata);
        self.mark(template.metadata.get_or_insert_default());
        self.place(template.spec.get_or_insert_default());
        match &self.overrides {
            Some(overrides) => overrides.apply(template),
            None => Ok(()),
        }
    }

    fn mark(&self, metadata: &mut ObjectMeta) {
        let labels = self.labels.clone();
        metadata.labels.get_or_insert_default().extend(labels);
        if !self.annotations.is_empty() {
            metadata.annotations.get_or_insert_default().extend(self.annotations.clone());
        }
    }

    fn place(&self, spec: &mut PodSpec) {
        let nodes = spec.node_selector.get_or_insert_default();
        nodes.extend(owned(&[LINUX]));
        nodes.extend(self.node_selector.clone());
        if self.has_tolerations() {
            spec.tolerations.get_or_insert_default().extend(self.tolerations.clone());
        }
        if !self.pull_secrets.is_empty() {
            let secret = |name: &String| LocalObjectReference { name: name.clone() };
            spec.image_pull_secrets = Some(self.pull_secrets.iter().map(secret).collect());
        }
        spec.priority_class_name.clone_from(&self.priority_class);
        spec.service_account_name.clone_from(&self.service_account);
        if self.host_network {
            spec.host_network = Some(true);
            // A pod on its node's network would otherwise ask the node's resolver, which knows no Services.
            spec.dns_policy = Some("ClusterFirstWithHostNet".to_owned());
        }
        if let Some(probe) = spec.containers.iter_mut().find(|probe| probe.name == CONTAINER) {
            self.measure(probe.resources.get_or_insert_default());
        }
    }

    fn measure(&self, resources: &mut ResourceRequirements) {
        resources.requests.get_or_insert_default().extend(self.requests.clone());
        resources.limits.get_or_insert_default().extend(self.limits.clone());
    }
}

fn owned<'a>(pairs: &'a [(&str, &str)]) -> impl Iterator<Item = (String, String)> + use<'a> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use k8s_openapi::api::core::v1::Container;
    use serde_json::{Value, json};

    use super::*;
    use crate::launch::probe_pod;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        pod: PodArgs,
    }

    /// Metadata of the workload and its template, shaped by these flags.
    fn shaped(flags: &[&str]) -> anyhow::Result<[Value; 2]> {
        let flags = Flags::parse_from([&["kubectl-pods"], flags].concat());
        let mut metadata = ObjectMeta::default();
        let probe = Container {
            name: CONTAINER.to_owned(),
            resources: Some(probe_pod::resources("10m", "32Mi", "128Mi")),
            ..Container::default()
        };
        let labels = Some(probe_pod::labels("probe", "x"));
        let mut template = PodTemplateSpec {
            metadata: Some(ObjectMeta { labels, ..ObjectMeta::default() }),
            spec: Some(PodSpec { containers: vec![probe], ..probe_pod::restricted_pod() }),
        };
        PodShape::new(&flags.pod).apply(&mut metadata, &mut template)?;
        Ok([serde_json::to_value(metadata)?, serde_json::to_value(template)?])
    }

    #[test]
    fn nothing_asked_for_is_a_node_with_linux() {
        let [metadata, template] = shaped(&[]).expect("a template");
        let waits: BTreeMap<_, _> = super::AFTER_SIDECAR.into();
        assert_eq!(metadata["annotations"], json!(waits));
        let spec = &template["spec"];
        assert_eq!(spec["nodeSelector"], json!({"kubernetes.io/os": "linux"}));
        for field in ["tolerations", "priorityClassName", "serviceAccountName", "hostNetwork"] {
            assert_eq!(spec[field], Value::Null, "{field}");
        }
        assert_eq!(spec["securityContext"]["runAsUser"], Value::Null, "the image says who it is");
    }

    #[test]
    fn every_flag_has_its_place() {
        let cases: [(&[&str], &str, Value); 12] = [
            (&["--node-selector", "disk=ssd,zone=a"], "/spec/nodeSelector/zone", json!("a")),
            (
                &["--node-selector", "disk=ssd"],
                "/spec/nodeSelector/kubernetes.io~1os",
                json!("linux"),
            ),
            (
                &["--tolerations", "a=b:NoSchedule"],
                "/spec/tolerations/0/effect",
                json!("NoSchedule"),
            ),
            (&["--priority-class", "high"], "/spec/priorityClassName", json!("high")),
            (
                &["--requests", "cpu=5m"],
                "/spec/containers/0/resources/requests",
                json!({"cpu": "5m", "memory": "32Mi"}),
            ),
            (
                &["--limits", "cpu=1,memory=64Mi"],
                "/spec/containers/0/resources/limits",
                json!({"cpu": "1", "memory": "64Mi"}),
            ),
            (&["--labels", "team=a", "--labels", "env=b"], "/metadata/labels/env", json!("b")),
            (&["--annotations", "x/y=1,2"], "/metadata/annotations/x~1y", json!("1,2")),
            (&["--service-account", "probe"], "/spec/serviceAccountName", json!("probe")),
            (&["--image-pull-secret", "a"], "/spec/imagePullSecrets", json!([{"name": "a"}])),
            (&["--host-network"], "/spec/dnsPolicy", json!("ClusterFirstWithHostNet")),
            (&["--no-sidecar"], "/metadata/annotations/linkerd.io~1inject", json!("disabled")),
        ];
        for (flags, path, expected) in cases {
            let [_, template] = shaped(flags).expect("a template");
            assert_eq!(template.pointer(path), Some(&expected), "{flags:?}");
        }
        let [metadata, _] = shaped(&["--labels", "team=a", "--no-sidecar"]).expect("metadata");
        assert_eq!(metadata["labels"]["team"], "a", "policies look at workloads too");
        assert_eq!(metadata["labels"]["sidecar.istio.io/inject"], "false");
    }

    #[test]
    fn overrides_are_merged_as_kubectl_run_does() {
        let mine =
            r#"{"apiVersion": "v1", "spec": {"containers": [{"name": "probe", "image": "mine"}]}}"#;
        let [_, merged] = shaped(&["--overrides", mine]).expect("a template");
        let replaced = json!([{"name": "probe", "image": "mine"}]);
        assert_eq!(merged["spec"]["containers"], replaced, "lists are replaced");
        assert_eq!(merged["spec"]["automountServiceAccountToken"], false, "the rest stays");
        let flags = ["--overrides", mine, "--override-type", "strategic"];
        let [_, strategic] = shaped(&flags).expect("a template");
        let container = &strategic["spec"]["containers"][0];
        assert_eq!(
            (&container["image"], &container["resources"]["requests"]["cpu"]),
            (&json!("mine"), &json!("10m")),
            "merged by name"
        );
        let null = r#"{"spec": {"enableServiceLinks": null}}"#;
        let [_, removed] = shaped(&["--overrides", null]).expect("a template");
        assert_eq!(removed["spec"]["enableServiceLinks"], Value::Null);
    }

    #[test]
    fn what_is_no_probe_any_more_is_refused() {
        let cases = [
            (r#"{"spec": {"containers": []}}"#, "no container called probe"),
            (r#"{"spec": {"containers": 1}}"#, "--overrides: "),
            (r#"{"apiVersion": "apps/v1"}"#, "a Pod of v1 is overridden"),
            (r#"{"kind": "Job"}"#, "a Pod of v1 is overridden"),
            (r#"{"metadata": {"labels": null}}"#, "app.kubernetes.io/component"),
        ];
        for (json, words) in cases {
            let error = format!("{:#}", shaped(&["--overrides", json]).expect_err(json));
            assert!(error.contains(words), "{json}: {error}");
        }
    }
}

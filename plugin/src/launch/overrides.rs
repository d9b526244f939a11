//! `--overrides`: a user's JSON, merged into the manifest of the probe's pod as `kubectl run` does it.

use anyhow::{Context as _, ensure};
use k8s_openapi::{
    DeepMerge as _,
    api::core::v1::{Pod, PodTemplateSpec},
};
use serde_json::{Map, Value, json};

use super::probe_pod::CONTAINER;
use crate::cli::OverrideType;

/// JSON to be merged into a pod, and how.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Overrides {
    json: Map<String, Value>,
    kind: OverrideType,
}

impl Overrides {
    pub(super) fn new(json: Option<&Map<String, Value>>, kind: OverrideType) -> Option<Self> {
        json.map(|json| Self { json: json.clone(), kind })
    }

    /// Merges it into the pods of `template`.
    ///
    /// # Errors
    ///
    /// When the outcome is no pod, or none that can be our probe's.
    pub(super) fn apply(&self, template: &mut PodTemplateSpec) -> anyhow::Result<()> {
        let is = |key: &str, value: &str| self.json.get(key).is_none_or(|given| given == value);
        ensure!(
            is("apiVersion", "v1") && is("kind", "Pod"),
            "--overrides: a Pod of v1 is overridden, and nothing else"
        );
        let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
        let pod = self.merged(template).context("--overrides")?;
        let spec = pod.spec.unwrap_or_default();
        ensure!(
            spec.containers.iter().any(|container| container.name == CONTAINER),
            "--overrides leaves no container called {CONTAINER}: --override-type strategic merges containers by name"
        );
        // By its labels it is found, watched and removed.
        for (key, value) in labels.into_iter().flatten() {
            let kept = pod.metadata.labels.as_ref().and_then(|labels| labels.get(&key));
            let is_ours = key.starts_with("app.kubernetes.io/");
            ensure!(
                !is_ours || kept == Some(&value),
                "--overrides must leave label {key} as it is"
            );
        }
        *template = PodTemplateSpec { metadata: Some(pod.metadata), spec: Some(spec) };
        Ok(())
    }

    fn merged(&self, template: &PodTemplateSpec) -> serde_json::Result<Pod> {
        let PodTemplateSpec { metadata, spec } = template.clone();
        let mut pod = Pod { metadata: metadata.unwrap_or_default(), spec, ..Pod::default() };
        let mut overrides = self.json.clone();
        overrides.insert("apiVersion".to_owned(), json!("v1"));
        overrides.insert("kind".to_owned(), json!("Pod"));
        let overrides = Value::Object(overrides);
        match self.kind {
            OverrideType::Merge => {
                let mut value = serde_json::to_value(pod)?;
                merge(&mut value, overrides);
                serde_json::from_value(value)
            }
            OverrideType::Strategic => {
                pod.merge_from(serde_json::from_value(overrides)?);
                Ok(pod)
            }
        }
    }
}

/// RFC 7396: objects are merged, `null` removes, everything else replaces.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

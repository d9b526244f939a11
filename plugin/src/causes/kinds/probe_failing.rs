//! The container runs, and its readiness or startup probe says that it is not ready. An event may only explain a condition
//! that holds now: nobody tells when a probe has recovered.

use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene, words},
    Finding,
};

pub(super) fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    if container::crashed(pod).is_some() {
        return None;
    }
    let status = container::states(pod).find(|status| {
        let runs = status.state.as_ref().is_some_and(|state| state.running.is_some());
        runs && !status.ready
    })?;
    let declared = container::declared(pod, &status.name)?;
    let starts = declared.startup_probe.is_some() && status.started != Some(true);
    let (probe, word) = if starts { ("startup", "Startup") } else { ("readiness", "Readiness") };
    if !starts && declared.readiness_probe.is_none() {
        return None;
    }
    let path = format!("spec.containers{{{}}}", status.name);
    let events = scene.world.warnings(container::namespace(pod), container::uid(pod)).iter().rev();
    let mut said = events
        .filter(|event| {
            let field = event.involved_object.field_path.as_deref();
            field.is_none_or(|field| field == path)
        })
        .filter_map(|event| event.message.as_deref());
    let said = said.find_map(|said| {
        let said = said.strip_prefix("(combined from similar events): ").unwrap_or(said);
        said.strip_prefix(&format!("{word} probe failed: "))
            .or_else(|| said.strip_prefix(&format!("{word} probe errored and resulted in ")))
    });
    let name = &status.name;
    let what = match said.map(words::line) {
        Some(said) => format!("is not ready: the {probe} probe of container {name} fails: {said}"),
        None => format!("is not ready: container {name} has not passed its {probe} probe"),
    };
    Some(Finding { what, next: super::describe(pod) })
}

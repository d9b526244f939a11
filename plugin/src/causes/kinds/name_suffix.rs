//! The Service exists, and the name does not, because what stands behind `svc` is not the cluster's domain.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::scene::{Scene, Subject};
use crate::targets::ClusterName;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let Subject::Host(host) = scene.subject else { return None };
    if !scene.name_is_unknown() || scene.is_headless() {
        return None;
    }
    let (key, service) = scene.known_service()?;
    let domain = ClusterName::parse(host, scene.namespace)?.domain?;
    let is_alias = service.spec.as_ref().is_some_and(|spec| spec.external_name.is_some());
    if is_alias {
        return None;
    }
    let message = format!(
        "svc/{} of namespace {} exists, but the name {host} does not: {domain} is not the domain of this cluster",
        key.name, key.namespace
    );
    let next = format!("use {}.{}", key.name, key.namespace);
    Some(super::of_service(scene, CauseKind::NameSuffix, message, next))
}

//! An alias of a name that does not exist.

use kubectl_pods_report::{Cause, CauseKind};

use super::super::scene::Scene;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, service) = scene.known_service()?;
    let name = service.spec.as_ref()?.external_name.as_deref()?;
    // Who failed on the name, or was silent about it, has not said that it does not exist.
    if !scene.name_is_unknown() {
        return None;
    }
    let message = format!("{} is an alias of {name}, which has no address", scene.object());
    let next = super::edit_service(scene, "correct its externalName");
    Some(super::of_service(scene, CauseKind::ExternalNameDead, message, next))
}

//! The Service sends to a port on which its pods refuse, though they are ready. What containers declare proves nothing;
//! the pods were asked.

use kubectl_pods_report::{Cause, CauseKind, Observation, Verdict};

use super::{
    super::{
        container,
        scene::{Direct, Scene},
        words,
    },
    target_port_name,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let port = scene.service_port()?;
    if target_port_name::cause(scene).is_some() {
        return None; // And nobody meant the port that was asked in its place.
    }
    let direct = scene.direct();
    let is_refused =
        |direct: &Direct<'_>| direct.attempt.verdict == Verdict::Seen(Observation::Refused);
    if direct.is_empty() || !direct.iter().all(is_refused) {
        return None;
    }
    let number = direct[0].attempt.port?;
    let pods = scene.living_pods();
    // Whoever is going listens no more.
    if !pods.is_empty() && pods.iter().all(|pod| container::is_going(pod)) {
        return None;
    }
    let names: Vec<String> = direct
        .iter()
        .map(|direct| match &direct.endpoint.pod {
            Some((name, _)) => name.clone(),
            None => direct.endpoint.address.to_string(),
        })
        .collect();
    let declared =
        pods.first().map(|pod| container::port_numbers(pod, scene.transport())).unwrap_or_default();
    let refuses = if names.len() == 1 { "refuses" } else { "refuse" };
    let sends =
        if scene.is_headless() { "leads".to_owned() } else { format!("sends port {}", port.port) };
    let mut message = format!(
        "{} {sends} to port {number} of {}, which {refuses} {} there",
        scene.object(),
        words::some(&names),
        scene.what_is_sent(),
    );
    let next = if declared.contains(&number) {
        let pod = pods.first()?;
        let may = container::may_listen(pod, Some(direct[0].endpoint.address));
        message = format!("{message} though declaring it; {may}");
        format!("run kubectl logs {} -n {}", container::name(pod), container::namespace(pod))
    } else {
        if !declared.is_empty() {
            message = format!("{message}; declared is {}", super::listed(&declared));
        }
        super::edit_service(scene, "correct its targetPort")
    };
    Some(super::of_service(scene, CauseKind::TargetPortRefused, message, next))
}

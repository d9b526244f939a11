//! A container ends again and again. Named are its exit code and its last words, never the back-off, which is only what
//! the kubelet does about it.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Pod};

use super::{
    super::{container, scene::Scene, words, world::Key},
    Finding,
};

/// Lines of the log that are told.
const LAST_WORDS: usize = 2;

pub(super) fn find(scene: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    let (status, ending) = container::crashed(pod)?;
    let name = &status.name;
    let reason = ending.reason.as_deref().unwrap_or_default();
    if container::never_ran(ending) {
        return Some(never_ran(pod, status, ending));
    }
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let times = match status.restart_count {
        0 => String::new(),
        1 => ", restarted once".to_owned(),
        times => format!(", restarted {times} times"),
    };
    let code = ending.exit_code;
    let mut what =
        format!("does not stay up: container {name} ended with exit code {code}{why}{times}");
    let previous = container::ended_before(status);
    if let Some(said) = liveness(scene, pod) {
        what = format!("{what}; it was killed because its liveness probe failed: {said}");
    } else if let Some(said) = ending.message.as_deref().filter(|said| !said.trim().is_empty()) {
        what = format!("{what}: {}", words::reason(said));
    } else if let Some(said) = last_words(scene, pod, status, previous) {
        what = format!("{what}; its last words: {said}");
    }
    let logs = format!(
        "kubectl logs {} -n {} -c {name}{}",
        container::name(pod),
        container::namespace(pod),
        if previous { " --previous" } else { "" }
    );
    let next = if reason == "OOMKilled" {
        format!("raise its memory limit, or see what needs it: {logs}")
    } else {
        format!("run {logs}")
    };
    Some(Finding { what, next })
}

/// Of a program that could not be started there is no log, and its name is in the runtime's words.
fn never_ran(pod: &Pod, status: &ContainerStatus, ending: &ContainerStateTerminated) -> Finding {
    let said = ending.message.as_deref().unwrap_or_default();
    let what = format!(
        "cannot start: the program of container {} cannot be run: {}",
        status.name,
        words::reason(said)
    );
    let next = format!("correct its command or its image: {}", super::describe(pod));
    Finding { what, next }
}

fn liveness(scene: &Scene<'_>, pod: &Pod) -> Option<String> {
    let events = scene.world.warnings(container::namespace(pod), container::uid(pod)).iter().rev();
    let mut said = events.filter_map(|event| event.message.as_deref());
    said.find_map(|said| said.strip_prefix("Liveness probe failed: ")).map(words::line)
}

fn last_words(
    scene: &Scene<'_>,
    pod: &Pod,
    status: &ContainerStatus,
    previous: bool,
) -> Option<String> {
    let key = Key::new(container::namespace(pod), container::name(pod));
    let log = scene.world.log(key, &status.name, previous)?;
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LAST_WORDS)..];
    (!last.is_empty()).then(|| {
        let last: Vec<String> = last.iter().map(|line| words::line(line)).collect();
        format!("{:?}", last.join(" / "))
    })
}

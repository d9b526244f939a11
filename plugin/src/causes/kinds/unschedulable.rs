//! No node takes the pod, in the scheduler's words. They stay with the pod; the events of it go.

use k8s_openapi::api::core::v1::Pod;

use super::{
    super::{container, scene::Scene, words},
    Finding,
};

pub(super) fn find(_: &Scene<'_>, pod: &Pod) -> Option<Finding> {
    let scheduled = container::condition(pod, "PodScheduled").filter(|c| c.status == "False")?;
    let said = scheduled.message.as_deref().unwrap_or_default();
    if said.to_lowercase().contains("persistentvolume") {
        return None; // That of its claim.
    }
    Some(match scheduled.reason.as_deref() {
        Some("SchedulingGated") => Finding {
            what: "is held back by a scheduling gate".to_owned(),
            next: format!("see spec.schedulingGates: {}", super::describe(pod)),
        },
        Some("Unschedulable") => Finding {
            what: format!("fits on no node: {}", scheduler_words(said)),
            next: "run kubectl describe nodes for their labels, taints and free room".to_owned(),
        },
        _ => return None,
    })
}

/// What the scheduler says, without what preemption would not have helped.
fn scheduler_words(said: &str) -> String {
    let end = [" preemption: ", " no new claims"].iter().filter_map(|word| said.find(word)).min();
    words::line(&said[..end.unwrap_or(said.len())])
}

#[cfg(test)]
mod tests {
    use super::scheduler_words;

    #[test]
    fn preemption_is_left_out() {
        let said = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.";
        assert_eq!(scheduler_words(said), "0/2 nodes are available: 2 Insufficient cpu");
    }
}

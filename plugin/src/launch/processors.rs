//! Nodes whose processors can run a probe.

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm, PodSpec};
use oci::Architecture;

/// The label that every kubelet gives its node.
const LABEL: &str = "kubernetes.io/arch";

/// Keeps a pod to nodes of these architectures, whichever nodes it is kept to already.
pub(crate) fn keep_to(architectures: &[Architecture], pod: &mut PodSpec) {
    let names = architectures.iter().map(|architecture| architecture.name().to_owned());
    let is_one = NodeSelectorRequirement {
        key: LABEL.to_owned(),
        operator: "In".to_owned(),
        values: Some(names.collect()),
    };
    let affinity = pod.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    let required =
        affinity.required_during_scheduling_ignored_during_execution.get_or_insert_default();
    // A node has to meet one of the terms, so each has to say it.
    if required.node_selector_terms.is_empty() {
        required.node_selector_terms.push(NodeSelectorTerm::default());
    }
    for term in &mut required.node_selector_terms {
        term.match_expressions.get_or_insert_default().push(is_one.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_term_says_it() {
        let one = json!({"key": LABEL, "operator": "In", "values": ["amd64", "arm64"]});
        let named = json!([{"key": "metadata.name", "operator": "In", "values": ["node1"]}]);
        let cases = [
            (json!({"containers": []}), json!([{"matchExpressions": [one]}])),
            (
                json!({"containers": [], "affinity": {"nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                        {"matchFields": named}, {"matchExpressions": named},
                    ]},
                }}}),
                json!([
                    {"matchFields": named, "matchExpressions": [one]},
                    {"matchExpressions": [named[0], one]},
                ]),
            ),
        ];
        for (pod, expected) in cases {
            let mut pod: PodSpec = serde_json::from_value(pod).expect("a pod");
            keep_to(&Architecture::ALL, &mut pod);
            let pod = serde_json::to_value(pod).expect("JSON");
            let required =
                &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
            assert_eq!(required["nodeSelectorTerms"], expected);
        }
    }
}

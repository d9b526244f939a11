//! The Job that carries a probe into the cluster: its shape, its limits, its end.

use std::time::Duration;

use k8s_openapi::{
    api::{
        batch::v1::{Job, JobSpec},
        core::v1::{
            Affinity, Container, EnvVar, NodeAffinity, NodeSelector, NodeSelectorRequirement,
            NodeSelectorTerm, PodSpec, PodTemplateSpec, Toleration,
        },
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kubectl_pods_report::{PLAN_VARIABLE, Plan};

use super::probe_pod::{CONTAINER, labels, resources, restricted_container, restricted_pod};

/// Longest `NAME=value` string that Linux lets a process start with (`MAX_ARG_STRLEN`, 32 pages of 4 KiB).
const MAX_VARIABLE_BYTES: usize = 128 * 1024;

/// Where a probe runs, from which image, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    /// Image of the probe.
    pub image: String,
    /// The node to run on; the scheduler's choice when absent.
    pub node: Option<String>,
    /// Time for scheduling, pulling and starting, on top of what the plan itself may take.
    pub start_limit: Duration,
    /// How long the cluster keeps a finished Job that nobody deleted.
    pub keep: Duration,
}

/// The Job that runs `plan` once.
///
/// It ends itself: `activeDeadlineSeconds` stops it, `ttlSecondsAfterFinished` removes it, both without any client.
///
/// # Errors
///
/// When the plan is too large for an environment variable.
pub(crate) fn build(name: &str, plan: &Plan, placement: &Placement) -> anyhow::Result<Job> {
    let plan_json = serde_json::to_string(plan)?;
    let size = PLAN_VARIABLE.len() + "=".len() + plan_json.len() + "\0".len();
    if size > MAX_VARIABLE_BYTES {
        anyhow::bail!(
            "the plan of {} checks takes {} KiB and a probe pod can be handed 128: check fewer targets at once, \
             or send less data",
            plan.checks.len(),
            size.div_ceil(1024)
        );
    }
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels("probe", name)),
        ..ObjectMeta::default()
    };
    let template_metadata = ObjectMeta { labels: metadata.labels.clone(), ..ObjectMeta::default() };
    let deadline = longest_life(plan, placement);
    let spec = JobSpec {
        backoff_limit: Some(0),
        active_deadline_seconds: Some(whole_seconds(deadline)),
        ttl_seconds_after_finished: Some(
            i32::try_from(whole_seconds(placement.keep)).unwrap_or(i32::MAX),
        ),
        template: PodTemplateSpec {
            metadata: Some(template_metadata),
            spec: Some(PodSpec {
                containers: vec![container(&placement.image, plan_json)],
                restart_policy: Some("Never".to_owned()),
                affinity: placement.node.as_deref().map(on_node),
                tolerations: placement.node.as_ref().map(|_| vec![tolerate_everything()]),
                ..restricted_pod()
            }),
        },
        ..JobSpec::default()
    };
    Ok(Job { metadata, spec: Some(spec), ..Job::default() })
}

/// The longest time from the Job's beginning to its end.
pub(super) fn longest_life(plan: &Plan, placement: &Placement) -> Duration {
    placement.start_limit.saturating_add(plan.longest_run())
}

fn container(image: &str, plan_json: String) -> Container {
    let variable = |name: &str, value: String| EnvVar {
        name: name.to_owned(),
        value: Some(value),
        ..EnvVar::default()
    };
    Container {
        name: CONTAINER.to_owned(),
        image: Some(image.to_owned()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        args: Some(vec!["run".to_owned()]),
        env: Some(vec![variable(PLAN_VARIABLE, plan_json)]),
        resources: Some(resources("10m", "32Mi", "128Mi")),
        security_context: Some(restricted_container()),
        ..Container::default()
    }
}

/// By affinity, not by `nodeName`: so the scheduler says why a node cannot be had, and its resources are respected.
fn on_node(node: &str) -> Affinity {
    let field = NodeSelectorRequirement {
        key: "metadata.name".to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    let term = NodeSelectorTerm { match_fields: Some(vec![field]), ..NodeSelectorTerm::default() };
    Affinity {
        node_affinity: Some(NodeAffinity {
            required_during_scheduling_ignored_during_execution: Some(NodeSelector {
                node_selector_terms: vec![term],
            }),
            ..NodeAffinity::default()
        }),
        ..Affinity::default()
    }
}

/// Whoever names a node means it, tainted or not.
fn tolerate_everything() -> Toleration {
    Toleration { operator: Some("Exists".to_owned()), ..Toleration::default() }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Check, HttpRequest, Limits};
    use serde_json::json;

    use super::*;

    fn plan(checks: usize, body: usize) -> Plan {
        let request = HttpRequest {
            method: "POST".to_owned(),
            body: Some("x".repeat(body)),
            ..HttpRequest::default()
        };
        let check = Check {
            limits: Limits { connect_seconds: 1.0, total_seconds: 2.5 },
            ..Check::new(0, "web", "10.0.0.7", Ask::http(80, request))
        };
        Plan { attempts: 3, ..Plan::once(vec![check; checks]) }
    }

    fn placement(node: Option<&str>) -> Placement {
        Placement {
            image: "probe:1".to_owned(),
            node: node.map(str::to_owned),
            start_limit: Duration::from_mins(1),
            keep: Duration::from_secs(30),
        }
    }

    #[test]
    fn the_job_ends_itself_and_passes_restricted() {
        let job = build("kubectl-pods-x", &plan(2, 0), &placement(None)).expect("a Job");
        let job = serde_json::to_value(job).expect("JSON");
        let spec = &job["spec"];
        // 60 s to start, and 3 attempts of 2.5 s at two checks side by side.
        assert_eq!(spec["activeDeadlineSeconds"], 68);
        assert_eq!(spec["ttlSecondsAfterFinished"], 30);
        assert_eq!(spec["backoffLimit"], 0);
        let pod = &spec["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "Never");
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        let security = &pod["containers"][0]["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}));
        assert!(pod["affinity"].is_null() && pod["tolerations"].is_null(), "{pod}");
        let managed = "app.kubernetes.io/managed-by";
        for metadata in [&job["metadata"], &spec["template"]["metadata"]] {
            assert_eq!(metadata["labels"][managed], "kubectl-pods");
        }
    }

    #[test]
    fn a_node_is_asked_for_by_name_whatever_its_taints() {
        let job = build("x", &plan(1, 0), &placement(Some("node2"))).expect("a Job");
        let pod = serde_json::to_value(job).expect("JSON")["spec"]["template"]["spec"].take();
        let required =
            &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let field = json!({"key": "metadata.name", "operator": "In", "values": ["node2"]});
        assert_eq!(required["nodeSelectorTerms"][0]["matchFields"][0], field);
        assert_eq!(pod["tolerations"], json!([{"operator": "Exists"}]));
    }

    #[test]
    fn a_plan_too_large_for_a_variable_is_refused() {
        let size = serde_json::to_string(&plan(1, 0)).expect("JSON").len();
        let room = MAX_VARIABLE_BYTES - PLAN_VARIABLE.len() - 2 - size;
        assert!(build("x", &plan(1, room), &placement(None)).is_ok(), "exactly full");
        let error = build("x", &plan(1, room + 1), &placement(None)).expect_err("one byte more");
        assert!(error.to_string().contains("129 KiB"), "{error}");
    }
}

//! The Jobs that carry probes into the cluster: their shape, their limits, their end.

use std::time::Duration;

use k8s_openapi::{
    api::{
        batch::v1::{Job, JobSpec},
        core::v1::{
            Affinity, Container, EnvVar, NodeSelectorRequirement, NodeSelectorTerm, PodSpec,
            PodTemplateSpec, Toleration,
        },
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kubectl_pods_report::{Check, PLAN_VARIABLE, Plan, RESULT_FILE_VARIABLE};
use oci::Architecture;

use super::{
    carrier::Carrier,
    pod_shape::PodShape,
    probe_pod::{
        CONTAINER, ONE_SHOT, labels, mount_cluster_ca, on_nodes, resources, restricted_container,
        restricted_pod,
    },
    processors::keep_to,
};

/// Longest `NAME=value` string that Linux lets a process start with (`MAX_ARG_STRLEN`, 32 pages of 4 KiB).
const MAX_VARIABLE_BYTES: usize = 128 * 1024;

/// What a container writes here becomes part of its pod's status. The kubelet makes the file so that every user may write it.
const TERMINATION_MESSAGE: &str = "/dev/termination-log";

/// Where a probe runs, from which image, and until when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placement {
    /// Image of the probe.
    pub image: String,
    /// The node to run on; the scheduler's choice when absent.
    pub node: Option<String>,
    /// Time for scheduling, pulling and starting, on top of what the plan itself may take.
    pub start_limit: Duration,
    /// How long the cluster keeps a finished Job that nobody deleted.
    pub keep: Duration,
    /// What the user asks of its pod.
    pub shape: PodShape,
    /// How long the probe waits before it begins its work.
    pub after: Duration,
}

/// The Jobs of the run `name` that carry out `plan` once, one for each of `placements`.
///
/// Each ends itself: `activeDeadlineSeconds` stops it, `ttlSecondsAfterFinished` removes it, both without any client.
///
/// # Errors
///
/// When the plan is too large for an environment variable, or the pod cannot have the shape that it is to have.
pub(super) fn build(
    name: &str,
    plan: &Plan,
    placements: &[Placement],
    carrier: Option<&Carrier>,
) -> anyhow::Result<Vec<Job>> {
    let packed = pack(plan)?;
    let job = |(number, placement)| {
        let life = longest_life(plan, placement);
        let mut pod = pod(placement, &packed);
        keep_to(&Architecture::ALL, &mut pod);
        // A volume makes the kubelet wait for it, so that no other check has one.
        if plan.checks.iter().any(Check::needs_ca_file) {
            mount_cluster_ca(&mut pod);
        }
        if let Some(carrier) = carrier {
            carrier.apply(name, &mut pod);
        }
        one(name, &format!("{name}-{number}"), pod, placement, life)
    };
    placements.iter().enumerate().map(job).collect()
}

/// The plan as a pod can be handed it.
fn pack(plan: &Plan) -> anyhow::Result<String> {
    let packed = probe::pack(plan)?;
    let size = PLAN_VARIABLE.len() + "=".len() + packed.len() + "\0".len();
    if size > MAX_VARIABLE_BYTES {
        anyhow::bail!(
            "the plan of {} checks takes {} KiB, compressed, and a probe pod can be handed 128: check fewer targets at \
             once, or send less data",
            plan.checks.len(),
            size.div_ceil(1024)
        );
    }
    Ok(packed)
}

fn one(
    run: &str,
    name: &str,
    pod: PodSpec,
    placement: &Placement,
    life: Duration,
) -> anyhow::Result<Job> {
    let mut metadata = ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels(ONE_SHOT, run)),
        ..ObjectMeta::default()
    };
    let template_metadata = ObjectMeta { labels: metadata.labels.clone(), ..ObjectMeta::default() };
    let mut template = PodTemplateSpec { metadata: Some(template_metadata), spec: Some(pod) };
    placement.shape.apply(&mut metadata, &mut template)?;
    let spec = JobSpec {
        backoff_limit: Some(0),
        active_deadline_seconds: Some(whole_seconds(life)),
        ttl_seconds_after_finished: Some(
            i32::try_from(whole_seconds(placement.keep)).unwrap_or(i32::MAX),
        ),
        template,
        ..JobSpec::default()
    };
    Ok(Job { metadata, spec: Some(spec), ..Job::default() })
}

/// A pod that carries out a packed plan.
fn pod(placement: &Placement, plan: &str) -> PodSpec {
    PodSpec {
        containers: vec![container(placement, plan)],
        restart_policy: Some("Never".to_owned()),
        affinity: placement.node.as_deref().map(on_node),
        tolerations: placement.node.as_ref().map(|_| vec![tolerate_everything()]),
        ..restricted_pod()
    }
}

/// The longest time from the Job's beginning to its end.
pub(super) fn longest_life(plan: &Plan, placement: &Placement) -> Duration {
    placement.start_limit.saturating_add(placement.after).saturating_add(plan.longest_run())
}

fn container(placement: &Placement, plan: &str) -> Container {
    let variable = |name: &str, value: &str| EnvVar {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        ..EnvVar::default()
    };
    Container {
        name: CONTAINER.to_owned(),
        image: Some(placement.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        args: Some(vec!["run".to_owned(), format!("--after={}", placement.after.as_secs_f64())]),
        env: Some(vec![
            variable(PLAN_VARIABLE, plan),
            variable(RESULT_FILE_VARIABLE, TERMINATION_MESSAGE),
        ]),
        termination_message_path: Some(TERMINATION_MESSAGE.to_owned()),
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
    on_nodes(term)
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
    use kubectl_pods_report::{Ask, CLUSTER_CA_FILE, HttpRequest, Limits, Payload, Tls};
    use serde_json::json;

    use super::*;

    fn plan(checks: Vec<Check>) -> Plan {
        Plan { attempts: 3, ..Plan::once(checks) }
    }

    fn post(body: String) -> Check {
        let body = Some(Box::new(Payload::text(body)));
        let request = HttpRequest { method: "POST".to_owned(), body, ..HttpRequest::default() };
        let limits = Limits { connect_seconds: 1.0, total_seconds: 2.5 };
        Check { limits, ..Check::new(0, "web", "10.0.0.7", Ask::http(80, request)) }
    }

    /// Text that says nothing, so that little of it can be left out.
    fn noise(length: usize) -> String {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from(state >> 26).expect("6 bits"))
        };
        (0..length).map(|_| next()).collect()
    }

    fn placement(node: Option<&str>) -> Placement {
        Placement {
            image: "probe:1".to_owned(),
            node: node.map(str::to_owned),
            start_limit: Duration::from_mins(1),
            keep: Duration::from_secs(30),
            shape: PodShape::default(),
            after: Duration::ZERO,
        }
    }

    #[test]
    fn the_job_ends_itself_and_passes_restricted() {
        let plan = plan(vec![post(String::new()); 2]);
        let jobs = build("kubectl-pods-x", &plan, &[placement(None)], None).expect("a Job");
        let job = serde_json::to_value(&jobs[0]).expect("JSON");
        let spec = &job["spec"];
        // 60 s to start, and 3 attempts of 2.5 s at two checks side by side.
        assert_eq!(spec["activeDeadlineSeconds"], 68);
        assert_eq!(spec["ttlSecondsAfterFinished"], 30);
        assert_eq!(spec["backoffLimit"], 0);
        let pod = &spec["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "Never");
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert!(pod["securityContext"]["runAsUser"].is_null(), "some clusters say who it is");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        let security = &pod["containers"][0]["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}));
        assert!(pod["tolerations"].is_null(), "{pod}");
        let required =
            &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let built_for =
            json!({"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]});
        assert_eq!(required["nodeSelectorTerms"], json!([{"matchExpressions": [built_for]}]));
        let managed = "app.kubernetes.io/managed-by";
        for metadata in [&job["metadata"], &spec["template"]["metadata"]] {
            assert_eq!(metadata["labels"][managed], "kubectl-pods");
        }
    }

    #[test]
    fn the_clusters_authority_is_there_for_those_who_need_it() {
        let mounts = |ask| {
            let plan = plan(vec![Check::new(0, "web", "10.0.0.7", ask)]);
            let jobs = build("x", &plan, &[placement(None)], None).expect("a Job");
            let pod =
                serde_json::to_value(&jobs[0]).expect("JSON")["spec"]["template"]["spec"].take();
            let mount = pod["containers"][0]["volumeMounts"][0].clone();
            (pod["volumes"][0]["configMap"]["name"].clone(), mount["mountPath"].clone())
        };
        let https = |ca_file: Option<&str>| {
            let ca_file = ca_file.map(str::to_owned);
            Ask::https(443, Tls { ca_file, ..Tls::default() }, HttpRequest::default())
        };
        let (volume, folder) = mounts(https(Some(CLUSTER_CA_FILE)));
        assert_eq!(volume, "kube-root-ca.crt");
        let folder = folder.as_str().expect("a path");
        assert_eq!(format!("{folder}/ca.crt"), CLUSTER_CA_FILE);
        for ask in [https(None), Ask::tcp(443)] {
            assert_eq!(mounts(ask), (json!(null), json!(null)), "nothing to wait for");
        }
    }

    #[test]
    fn a_node_is_asked_for_by_name_whatever_its_taints() {
        let plan = plan(vec![post(String::new())]);
        let jobs =
            build("x", &plan, &[placement(None), placement(Some("node2"))], None).expect("Jobs");
        let names = jobs.iter().map(|job| job.metadata.name.as_deref());
        assert_eq!(names.collect::<Vec<_>>(), [Some("x-0"), Some("x-1")]);
        let instance = "app.kubernetes.io/instance";
        let runs = jobs.iter().map(|job| &job.metadata.labels.as_ref().expect("labels")[instance]);
        assert_eq!(runs.collect::<Vec<_>>(), ["x", "x"], "they are watched by one label");
        let pod = serde_json::to_value(&jobs[1]).expect("JSON")["spec"]["template"]["spec"].take();
        let required =
            &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let field = json!({"key": "metadata.name", "operator": "In", "values": ["node2"]});
        assert_eq!(required["nodeSelectorTerms"][0]["matchFields"][0], field);
        assert_eq!(pod["tolerations"], json!([{"operator": "Exists"}]));
    }

    #[test]
    fn a_plan_of_thousands_of_targets_fits() {
        let all = noise(8 * 3000);
        let check = |id: u32| {
            let start = 8 * id as usize;
            let [_, a, b, c] = id.wrapping_mul(2_654_435_761).to_be_bytes();
            let (label, host) =
                (format!("pod/web-{}:80", &all[start..start + 8]), format!("10.{a}.{b}.{c}"));
            Check::new(id, label, host, Ask::http(80, HttpRequest::default()))
        };
        let plan = plan((0..3000).map(check).collect());
        let packed = pack(&plan).expect("room for it");
        assert_eq!(probe::unpack(&packed).expect("what the probe reads"), plan);
    }

    #[test]
    fn a_plan_too_large_for_a_variable_is_refused() {
        pack(&plan(vec![post("x".repeat(MAX_VARIABLE_BYTES))])).expect("compressed it is small");
        let error = pack(&plan(vec![post(noise(MAX_VARIABLE_BYTES))])).expect_err("no room");
        let text = error.to_string();
        assert!(
            text.starts_with("the plan of 1 checks takes 1") && text.contains(" KiB"),
            "{text}"
        );
    }
}

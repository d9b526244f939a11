//! Three hundred targets that are as they should be, of every kind.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{kubernetes::Kubernetes, popeye};

pub(super) const NAMESPACE: &str = "bench-healthy";

/// Services of each kind.
const EACH: usize = 30;
const KINDS: [&str; 7] = ["plain", "named", "headless", "nodeport", "undeclared", "mixed", "alias"];

/// How long kube-proxy and DNS may take to know all of them.
const LIMIT: Duration = Duration::from_mins(2);

/// Makes them, and prints of how many a cause is named, or an error by popeye. Gives the target of one that answers.
pub(super) fn show(kubernetes: &Kubernetes<'_>) -> Result<String> {
    kubernetes.create(
        NAMESPACE,
        &json!({"kind": "List", "apiVersion": "v1", "items": objects()}).to_string(),
    )?;
    for workload in ["deploy/web", "sts/db", "ds/agent"] {
        kubernetes.kubectl(NAMESPACE, &["rollout", "status", workload, "--timeout=120s"])?;
    }
    let targets = targets(kubernetes)?;
    let begun = Instant::now();
    let rows = loop {
        let rows = kubernetes.check(NAMESPACE, &targets)?;
        if rows.iter().all(|row| row["verdict"] == "open") || begun.elapsed() > LIMIT {
            break rows;
        }
        thread::sleep(Duration::from_secs(2));
    };
    ensure!(rows.len() >= 300, "{} targets", rows.len());
    let open = rows.iter().filter(|row| row["verdict"] == "open").count();
    let causes = |row: &&Value| row["causes"].as_array().is_some_and(|causes| !causes.is_empty());
    let named = rows.iter().filter(causes).count();
    let report = kubernetes.popeye(NAMESPACE)?;
    let services = (0..EACH).flat_map(|number| KINDS.map(|kind| format!("{kind}-{number}")));
    let errors: Vec<_> = services
        .map(|name| popeye::errors(&report, NAMESPACE, &name))
        .filter(|e| !e.is_empty())
        .collect();
    println!(
        "\nof {} healthy targets {open} are open, and of {named} we name a cause; popeye has errors at {} of {} Services{}",
        rows.len(),
        errors.len(),
        EACH * KINDS.len(),
        errors.first().map_or(String::new(), |e| format!(" ({})", e.join("; ")))
    );
    Ok("svc/plain-0".to_owned())
}

/// The targets: Services by name and by their DNS name, pods by name and by address, workloads.
fn targets(kubernetes: &Kubernetes<'_>) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for number in 0..EACH {
        targets.extend(KINDS.map(|kind| format!("svc/{kind}-{number}")));
        targets.push(format!("http://plain-{number}.{NAMESPACE}"));
        targets.push(format!("tcp://named-{number}:80"));
    }
    let path = "jsonpath={range .items[*]}{.metadata.name} {.status.podIP} {end}";
    let pods = kubernetes.kubectl(NAMESPACE, &["get", "pods", "-o", path])?;
    let mut words = pods.split_whitespace();
    while let (Some(name), Some(address)) = (words.next(), words.next()) {
        targets.extend([
            name.to_owned(),
            format!("pod/{name}:80"),
            format!("{address}:80"),
            format!("http://{address}/"),
        ]);
    }
    targets.extend(["deploy/web", "sts/db", "ds/agent", "job/work"].map(str::to_owned));
    Ok(targets)
}

fn objects() -> Vec<Value> {
    let workload = |kind: &str, name: &str, spec: Value| {
        let mut object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
        if kind == "Job" {
            object["apiVersion"] = "batch/v1".into();
            object["spec"]["template"] = template(name, "Never");
        } else {
            object["spec"]["selector"] = json!({"matchLabels": {"app": name}});
            object["spec"]["template"] = template(name, "Always");
        }
        object
    };
    let workloads = [
        workload("Deployment", "web", json!({"replicas": 8})),
        workload("StatefulSet", "db", json!({"replicas": 2, "serviceName": "headless-0"})),
        workload("DaemonSet", "agent", json!({})),
        workload("Job", "work", json!({})),
    ];
    let services = (0..EACH).flat_map(|number| KINDS.map(|kind| service(kind, number)));
    workloads.into_iter().chain(services).collect()
}

/// The article's nginx.
fn template(name: &str, restart: &str) -> Value {
    let container = json!({
        "name": "nginx", "image": "docker.io/library/nginx:latest", "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 80}],
        "readinessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 5},
    });
    json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"restartPolicy": restart, "containers": [container]},
    })
}

fn service(kind: &str, number: usize) -> Value {
    let web = json!({"app": "web"});
    let port = |target: Value| json!([{"name": "http", "port": 80, "targetPort": target}]);
    let spec = match kind {
        "named" => json!({"selector": web, "ports": port("http".into())}),
        "headless" => {
            json!({"selector": {"app": "db"}, "clusterIP": "None", "ports": port(80.into())})
        }
        "nodeport" => json!({"selector": web, "type": "NodePort", "ports": port(80.into())}),
        // As many do: another number outside than inside.
        "undeclared" => json!({"selector": web, "ports": [{"port": 8080, "targetPort": 80}]}),
        "mixed" => json!({"selector": web, "ports": [
            {"name": "http", "port": 80}, {"name": "more", "port": 80, "protocol": "UDP"}]}),
        "alias" => {
            json!({"type": "ExternalName", "externalName": format!("plain-{number}.{NAMESPACE}.svc.cluster.local"),
            "ports": [{"port": 80}]})
        }
        _ => json!({"selector": web, "ports": port(80.into())}),
    };
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("{kind}-{number}")}, "spec": spec})
}

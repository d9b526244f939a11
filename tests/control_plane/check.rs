//! Check where no probe can run: what is known without one.

use serde_json::{Value, json};

use super::pods::gated;
use harness::Cluster;

#[test]
fn a_pod_without_an_address_is_not_judged_and_costs_no_job() {
    let ns = Cluster::control_plane().namespace("check-gated");
    ns.kubectl(["create", "-f", "-"]).stdin(gated("held", json!({})).to_string()).run().success();
    // No Job may be created: were one asked for, the quota would refuse it with exit code 1.
    ns.limit("none", "count/jobs.batch=0");
    let run = ns.pods(["check", "held:80", "-o", "json"]).run().exits(3);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let target = &report["targets"][0];
    assert_eq!(target["verdict"], "not-run", "{target}");
    let message = target["message"].as_str().expect("a message");
    assert!(message.starts_with("pod held has no address yet ("), "{message}");
    let cause = &target["causes"][0];
    assert_eq!(cause["kind"], "unschedulable", "{target}");
    let line = format!("{}; {}", cause["message"], cause["next"]).replace('"', "");
    assert_eq!(run.stderr, format!("error: {line}\n"), "what to mend is said");
    let run = ns.pods(["curl", "held"]).run().exits(3).prints("");
    assert_eq!(run.stderr, format!("error: {message}\n{line}\n"));
    assert!(message.ends_with("; see kubectl describe pod held"), "{message}");
    assert_eq!(ns.leftovers(), "");
    // The quota does what it is here for.
    ns.pods(["check", "10.0.0.7:80"]).run().exits(1).complains("exceeded quota: none");
}

/// Objects that lead to no pod: nothing is scheduled, started or ready.
const EMPTY: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: empty}}
  template:
    metadata: {labels: {app: empty}}
    spec: {containers: [{name: a, image: example.com/a, ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 0
  serviceName: web
  selector: {matchLabels: {app: empty}}
  template:
    metadata: {labels: {app: empty}}
    spec: {containers: [{name: a, image: example.com/a, ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: empty}}
  template:
    metadata: {labels: {app: empty}}
    spec:
      nodeSelector: {example.com/never: never}
      containers: [{name: a, image: example.com/a, ports: [{containerPort: 80}]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: web}
spec:
  suspend: true
  template:
    spec: {restartPolicy: Never, containers: [{name: a, image: example.com/a}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: empty}, ports: [{port: 80}]}
";

#[test]
fn what_leads_to_no_pod_is_not_judged() {
    let ns = Cluster::control_plane().namespace("check-empty");
    ns.apply(EMPTY);
    let describe = |target: &str, what: &str| {
        format!("{target} has no ready {what}; see kubectl describe {target}")
    };
    let cases = [
        (
            "deploy/web",
            "pod (0 in all)",
            "deploy/web is scaled to 0; run kubectl scale deploy/web -n NS --replicas=1",
        ),
        (
            "sts/web",
            "pod (0 in all)",
            "sts/web is scaled to 0; run kubectl scale sts/web -n NS --replicas=1",
        ),
        (
            "ds/web",
            "pod (0 in all)",
            "ds/web finds no node that it is meant for; run kubectl describe ds/web -n NS",
        ),
        (
            "job/web",
            "pod (0 in all)",
            "job/web is suspended; run kubectl patch job web -n NS -p '{\"spec\":{\"suspend\":false}}'",
        ),
        (
            "svc/web",
            "endpoint",
            "svc/web has no pods: deploy/web, which would make them, is scaled to 0; run kubectl scale deploy/web -n NS --replicas=1",
        ),
    ];
    for (target, what, cause) in cases {
        let port = if target.starts_with("sts") || target.starts_with("job") { ":80" } else { "" };
        let typed = format!("{target}{port}");
        let run = ns.pods(["check", &typed]).run().exits(3);
        let cause = cause.replace("NS", &ns.name);
        assert_eq!(run.stderr, format!("error: {cause}\n"), "{}", run.story());
        assert!(run.stdout.contains("not-run"), "{}", run.story());
        let run = ns.pods(["curl", &typed]).run().exits(3).prints("");
        let words = format!("error: {}\n{cause}\n", describe(target, what));
        assert_eq!(run.stderr, words, "{}", run.story());
    }
}

#[test]
fn a_target_without_a_port_is_one_line() {
    let ns = Cluster::control_plane().namespace("check-portless");
    let udp = json!([{ "name": "a", "image": "example.com/a", "ports": [{ "containerPort": 53, "protocol": "UDP" }] }]);
    for (name, spec) in [("mute", json!({})), ("udp", json!({ "containers": udp }))] {
        ns.kubectl(["create", "-f", "-"]).stdin(gated(name, spec).to_string()).run().success();
        let status = r#"{"status": {"phase": "Running", "podIP": "10.1.2.3"}}"#;
        let patch = ["patch", "pod", name, "--subresource=status", "--type=merge", "-p", status];
        ns.kubectl(patch).run().success();
    }
    let spec = "{selector: {app: empty}, ports: [{port: 53, protocol: UDP}]}";
    ns.apply(&format!("{{apiVersion: v1, kind: Service, metadata: {{name: dns}}, spec: {spec}}}"));
    let none = |name: &str| match name {
        "mute" => "declares no TCP port: say which, as in NAME:8080",
        _ => "declares no TCP port (it declares 53/UDP: check --protocol udp tries it)",
    };
    let unnamed = "has no TCP port named \"http\" (it declares none)";
    // One that cannot be tried takes nothing from the others.
    for target in ["mute", "udp"] {
        let run = ns.pods(["check", target, "mute:http", "-o", "json"]).run().exits(2);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        let told = |row: &serde_json::Value| [row["verdict"].clone(), row["message"].clone()];
        let rows: Vec<_> = report["targets"].as_array().expect("rows").iter().map(told).collect();
        let without = [json!("not-run"), json!(format!("pod \"{target}\" {}", none(target)))];
        let unknown = [json!("absent"), json!(format!("pod \"mute\" {unnamed}"))];
        assert_eq!(rows, [without, unknown], "{}", run.story());
        let cause = &report["targets"][1]["causes"][0];
        let line = "pod mute has no TCP port named http: it declares none";
        assert_eq!(cause["message"], line, "{}", run.story());
        assert_eq!(cause["next"], "give the port's number", "{}", run.story());
    }
    let run = ns.pods(["check", "svc/dns", "-o", "json"]).run().exits(3);
    assert!(run.stdout.contains(none("dns")), "{}", run.story());
    let service =
        "svc/dns has no TCP port named http: it has 53/UDP; use port 53 with --protocol udp";
    let cases: [(&[&str], String); 2] = [
        (
            &["monitor", "install", "svc/dns"],
            format!("cannot watch svc/dns: service \"dns\" {}", none("dns")),
        ),
        (&["curl", "svc/dns:http"], format!("service \"dns\" {unnamed}\n{service}")),
    ];
    for (words, complaint) in cases {
        let run = ns.pods(words.iter().copied()).run().exits(1).prints("");
        assert_eq!(run.stderr, format!("error: {complaint}\n"), "{}", run.story());
    }
    assert_eq!(ns.leftovers(), "");
}

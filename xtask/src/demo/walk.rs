//! The demo's scenes, in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use kpods_prometheus::Prometheus;

use super::{server, stage::Stage};

/// Where a standing probe serves its metrics.
const PORT: u16 = 9475;

/// How long Prometheus may take to see what has happened.
const PATIENCE: Duration = Duration::from_mins(1);

/// What needs no cluster.
pub(super) fn without_cluster(stage: &Stage) -> anyhow::Result<()> {
    Stage::say(
        "A saved pod list (kubectl get pods -o json), as a table and through a WebAssembly guest.",
    );
    stage.show("kubectl-pods -f tests/fixtures/pods.json")?;
    stage.show("kubectl-pods -f tests/fixtures/pods.json -o guest:by-node")?;
    Stage::say(
        "Is a server reachable from this machine? One that is, one port where nothing listens.",
    );
    let address = server::start()?;
    stage.show(&format!("kubectl-pods check --from-here http://{address}/"))?;
    let closed = server::closed_port()?;
    stage.expect(2, &format!("kubectl-pods check --from-here http://{closed}/"))
}

/// The article's walk: run, dry run, apply, get, wide, yaml, describe, logs, edit, delete, with ours where it has one.
pub(super) fn article(stage: &Stage) -> anyhow::Result<()> {
    let ns = stage.namespace();
    Stage::say("The article's two servers: what a dry run prints is applied.");
    for (name, image) in [("nginx-ser", "nginx"), ("httpd-ser", "httpd")] {
        stage.show(&format!(
            "kubectl run {name} -n {ns} --image=docker.io/library/{image}:latest --image-pull-policy=IfNotPresent \
             --port=80 --dry-run=client -o yaml | kubectl apply -f -"
        ))?;
    }
    stage.show(&format!("kubectl wait -n {ns} --for=condition=Ready pod --all --timeout=60s"))?;
    Stage::say("kubectl pods is kubectl get pods, to the byte …");
    stage.show(&format!("kubectl pods -n {ns}"))?;
    stage.show(&format!("kubectl pods -n {ns} -o wide"))?;
    stage.show(&format!("kubectl pods httpd-ser -n {ns} -o name"))?;
    stage.show(&format!("kubectl pods httpd-ser -n {ns} -o json | sed -n 1,12p"))?;
    stage.show("kubectl pods -A | cat")?;
    for format in ["yaml", "json"] {
        stage.show(&format!(
            "kubectl get pods nginx-ser httpd-ser -n {ns} -o {format} > $DEMO/theirs && \
             kubectl pods nginx-ser httpd-ser -n {ns} -o {format} > $DEMO/ours && \
             cmp $DEMO/theirs $DEMO/ours && echo the same bytes"
        ))?;
    }
    Stage::say("… and its output can be written by anyone as a sandboxed WebAssembly guest.");
    stage.show(&format!("kubectl pods -n {ns} -o guest:by-node"))?;
    edit_and_round_trip(stage)
}

/// Describe, logs, edit; then our own YAML makes the same pod again.
fn edit_and_round_trip(stage: &Stage) -> anyhow::Result<()> {
    let ns = stage.namespace();
    stage.show(&format!("kubectl describe pod httpd-ser -n {ns} | sed -n 1,6p"))?;
    stage.show(&format!("kubectl logs httpd-ser -n {ns} | sed -n 1,3p"))?;
    stage.show(&format!("kubectl patch pod httpd-ser -n {ns} --patch '{{\"metadata\": {{\"labels\": {{\"edited\": \"yes\"}}}}}}'"))?;
    stage.show(&format!("kubectl pods -n {ns} -l edited=yes --show-labels"))?;
    Stage::say("Our own YAML, deleted and applied again, makes the same pods.");
    stage
        .show(&format!("kubectl pods nginx-ser httpd-ser -n {ns} -o yaml > $DEMO/servers.yaml"))?;
    servers_again(stage)?;
    stage.show(&format!("kubectl pods -n {ns} --show-labels"))
}

/// Both servers anew, as they were saved.
pub(super) fn servers_again(stage: &Stage) -> anyhow::Result<()> {
    let ns = stage.namespace();
    stage.show(&format!(
        "kubectl delete pod nginx-ser httpd-ser -n {ns} --now --ignore-not-found"
    ))?;
    stage.show(&format!("kubectl apply -n {ns} -f $DEMO/servers.yaml"))?;
    stage.show(&format!(
        "kubectl wait -n {ns} --for=condition=Ready pod/nginx-ser pod/httpd-ser --timeout=60s"
    ))
}

/// One word instead of looking up an IP and running curl in a pod by hand.
pub(super) fn probe(stage: &Stage) -> anyhow::Result<()> {
    let ns = stage.namespace();
    Stage::say("The article's exercise: look up an IP, and curl it from a pod.");
    for server in ["nginx-ser", "httpd-ser"] {
        stage.show(&format!(
            "kubectl run curl -n {ns} --image=docker.io/curlimages/curl:latest \
             --image-pull-policy=IfNotPresent --restart=Never -it --rm -- --silent \
             http://$(kubectl get pod {server} -n {ns} -o 'jsonpath={{.status.podIP}}')"
        ))?;
    }
    Stage::say("The same in one word.");
    stage.show(&format!("kubectl pods curl nginx-ser -n {ns}"))?;
    stage.show(&format!("kubectl pods curl httpd-ser -n {ns}"))?;
    Stage::say("Reachability and latency, from every server's node.");
    stage.show(&format!("kubectl pods check nginx-ser httpd-ser -n {ns}"))?;
    let mut nodes = BTreeSet::new();
    for server in ["nginx-ser", "httpd-ser"] {
        let path = "-o jsonpath={.spec.nodeName}";
        nodes.insert(stage.ask(&format!("kubectl get pod {server} -n {ns} {path}"))?);
    }
    let from: Vec<_> = nodes.iter().map(|node| format!("--from-node {node}")).collect();
    let from = from.join(" ");
    stage.show(&format!("kubectl pods check nginx-ser httpd-ser -n {ns} {from}"))?;
    trouble(stage)?;
    Stage::say("Nothing is left.");
    stage.show_nothing(&format!(
        "kubectl get jobs,pods -n {ns} -l app.kubernetes.io/managed-by=kubectl-pods -o name"
    ))
}

/// What is wrong with a target (2), what keeps us from knowing (3), and what we may not do (1).
fn trouble(stage: &Stage) -> anyhow::Result<()> {
    let ns = stage.namespace();
    Stage::say("Why not: a port where nothing listens, and a pod that has ended.");
    stage.show(&format!(
        "kubectl run ended -n {ns} --image=docker.io/curlimages/curl:latest \
         --image-pull-policy=IfNotPresent --restart=Never -- --version"
    ))?;
    stage.show(&format!(
        "kubectl wait -n {ns} --for=jsonpath={{.status.phase}}=Succeeded pod/ended --timeout=60s"
    ))?;
    stage.expect(2, &format!("kubectl pods check nginx-ser:81 ended:80 httpd-ser -n {ns}"))?;
    Stage::say("What is not about the targets: no such image, no such node, no right.");
    let check = format!("kubectl pods check httpd-ser -n {ns}");
    stage.expect(3, &format!("{check} --probe-image localhost:1/missing:1"))?;
    stage.expect(3, &format!("{check} --from-node nowhere"))?;
    stage.expect(1, &format!("{check} --as nobody"))
}

/// The probe that stays, and Prometheus.
pub(super) fn monitor(stage: &Stage) -> anyhow::Result<()> {
    let namespace = stage.namespace();
    Stage::say("The same probe stays, checks every 10 seconds, and Prometheus scrapes it.");
    stage.show(&format!(
        "kubectl pods monitor install --every 10s nginx-ser httpd-ser -n {namespace}"
    ))?;
    stage.show(&format!("kubectl pods monitor status -n {namespace}"))?;
    let addresses = stage.ask(&format!(
        "kubectl get pods -n {namespace} -l app.kubernetes.io/component=monitor \
         -o 'jsonpath={{.items[*].status.podIP}}'"
    ))?;
    let addresses: Vec<String> =
        addresses.split_whitespace().map(|address| format!("{address}:{PORT}")).collect();
    let prometheus = prometheus(stage, &addresses)?;
    let success = format!("kubectl_pods_probe_success{{namespace=\"{namespace}\"}}");
    prometheus.wait_for(&success, 2 * addresses.len(), 1.0, PATIENCE)?;
    show(&prometheus, &success)?;
    Stage::say("httpd stops: the series turn.");
    stage.show(&format!("kubectl delete pod httpd-ser -n {namespace} --now"))?;
    let stopped =
        format!("kubectl_pods_probe_success{{namespace=\"{namespace}\",target=\"httpd-ser\"}}");
    prometheus.wait_for(&stopped, addresses.len(), 0.0, PATIENCE)?;
    show(&prometheus, &success)?;
    stage.show(&format!("kubectl pods monitor status -n {namespace}"))?;
    stage.show(&format!("kubectl pods monitor uninstall -n {namespace}"))?;
    stage.show_nothing(&format!(
        "kubectl get daemonsets,configmaps,pods -n {namespace} -l app.kubernetes.io/managed-by=kubectl-pods -o name"
    ))
}

/// A Prometheus that scrapes the probes at `addresses`.
fn prometheus(stage: &Stage, addresses: &[String]) -> anyhow::Result<Prometheus> {
    println!("\n$ prometheus --config.file=prometheus.yml  # it scrapes {}", addresses.join(", "));
    let folder = stage.folder().join("prometheus");
    fs::create_dir(&folder)?;
    let labels = BTreeMap::from([("namespace", stage.namespace())]);
    Prometheus::start(&folder, addresses, &labels)
}

/// Prints a query and its answer.
fn show(prometheus: &Prometheus, query: &str) -> anyhow::Result<()> {
    println!("\n$ promtool query instant http://{} '{query}'", prometheus.address());
    for sample in prometheus.query(query)? {
        let label = |name: &str| sample.labels.get(name).map_or("?", String::as_str);
        let [name, target, node] = ["__name__", "target", "source_node"].map(label);
        println!("{name}{{target=\"{target}\", source_node=\"{node}\"}} => {}", sample.value);
    }
    Ok(())
}

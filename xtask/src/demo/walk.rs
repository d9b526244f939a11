//! The demo's scenes, in order.

use super::{prometheus::Prometheus, server, stage::Stage};

/// Where a standing probe serves its metrics.
const PORT: u16 = 9475;

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
    stage.expect(2, "kubectl-pods check --from-here http://127.0.0.1:9/")
}

/// The article: two servers, and their lists.
pub(super) fn list(stage: &Stage) -> anyhow::Result<()> {
    Stage::say("The article's two servers.");
    let namespace = stage.namespace();
    stage.show(&format!("kubectl apply -n {namespace} -f tests/fixtures/article.yaml"))?;
    stage.show(&format!(
        "kubectl wait -n {namespace} --for=condition=Ready pod --all --timeout=60s"
    ))?;
    Stage::say("kubectl pods is kubectl get pods, to the byte …");
    stage.show(&format!("kubectl pods -n {namespace}"))?;
    stage.show(&format!("kubectl pods -n {namespace} -o wide"))?;
    Stage::say("… and its output can be written by anyone as a sandboxed WebAssembly guest.");
    stage.show(&format!("kubectl pods -n {namespace} -o guest:by-node"))
}

/// One word instead of looking up an IP and running curl in a pod by hand.
pub(super) fn probe(stage: &Stage) -> anyhow::Result<()> {
    let namespace = stage.namespace();
    Stage::say(
        "From inside the cluster: the article's `kubectl run curl … http://<ip>`, in one word.",
    );
    stage.show(&format!("kubectl pods curl nginx-ser -n {namespace}"))?;
    stage.show(&format!("kubectl pods curl httpd-ser -n {namespace}"))?;
    Stage::say("Reachability and latency, and why not.");
    stage.show(&format!("kubectl pods check nginx-ser httpd-ser -n {namespace}"))?;
    stage.expect(2, &format!("kubectl pods check nginx-ser:81 httpd-ser -n {namespace}"))?;
    Stage::say("Nothing is left.");
    stage.show(&format!(
        "kubectl get jobs,pods -n {namespace} -l app.kubernetes.io/managed-by=kubectl-pods"
    ))
}

/// The probe that stays, and Prometheus.
pub(super) fn monitor(stage: &Stage) -> anyhow::Result<()> {
    let namespace = stage.namespace();
    Stage::say("The same probe stays, checks every 2 seconds, and Prometheus scrapes it.");
    stage.show(&format!(
        "kubectl pods monitor install --every 2s nginx-ser httpd-ser -n {namespace}"
    ))?;
    stage.show(&format!("kubectl pods monitor status -n {namespace}"))?;
    let addresses = stage.ask(&format!(
        "kubectl get pods -n {namespace} -l app.kubernetes.io/component=monitor \
         -o jsonpath={{.items[*].status.podIP}}"
    ))?;
    let addresses: Vec<String> =
        addresses.split_whitespace().map(|address| format!("{address}:{PORT}")).collect();
    let prometheus = Prometheus::start(&addresses, namespace)?;
    let success = format!("kubectl_pods_probe_success{{namespace=\"{namespace}\"}}");
    prometheus.wait_for(&success, "1")?;
    prometheus.show(&success)?;
    Stage::say("httpd stops: the series turn.");
    stage.show(&format!("kubectl delete pod httpd-ser -n {namespace} --now"))?;
    prometheus.wait_for(&format!("{success} == 0"), "0")?;
    prometheus.show(&success)?;
    stage.show(&format!("kubectl pods monitor status -n {namespace}"))?;
    stage.show(&format!("kubectl pods monitor uninstall -n {namespace}"))?;
    stage.show(&format!(
        "kubectl get daemonsets,configmaps,pods -n {namespace} -l app.kubernetes.io/managed-by=kubectl-pods"
    ))
}

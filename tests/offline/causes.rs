//! What is read of a cluster to name a cause: nothing for what is as expected, each thing once for what is not.

use std::{collections::BTreeMap, net::TcpListener, time::Duration};

use harness::{Answer, Run, ScriptedApi};
use serde_json::{Value, json};

/// What the server does about everything but the Service and its slices.
#[derive(Clone, Copy)]
enum Manner {
    /// Knows two pods that the Service selects, of which one is ready.
    Tells,
    /// Forbids.
    Forbids,
    /// Says nothing.
    IsSilent,
}

/// A server with a Service `web` that leads to `port` of this machine, and to an endpoint that stands by there.
fn api(port: u16, manner: Manner) -> ScriptedApi {
    ScriptedApi::choosing(move |_, request| {
        let path = request.split(' ').nth(1).expect("a path");
        if path.ends_with("/services/web") {
            let spec = json!({"clusterIP": "127.0.0.1", "selector": {"app": "web"}, "ports": [{"port": port}]});
            return object(
                &json!({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web"}, "spec": spec}),
            );
        }
        match manner {
            _ if path.contains("/endpointslices") => slices(port),
            Manner::Tells if path.contains("labelSelector=app%3Dweb") => pods(),
            Manner::Tells => {
                object(&json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}))
            }
            Manner::Forbids => forbidden(),
            Manner::IsSilent => Answer::never(),
        }
    })
}

fn object(object: &Value) -> Answer {
    Answer::json(object.to_string())
}

fn slices(port: u16) -> Answer {
    let pod = json!({"kind": "Pod", "name": "web-1", "uid": "1"});
    let endpoint = json!({"addresses": ["127.0.0.1"], "targetRef": pod});
    let slice = json!({"metadata": {}, "addressType": "IPv4", "ports": [{"port": port}], "endpoints": [endpoint]});
    object(
        &json!({"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "metadata": {}, "items": [slice]}),
    )
}

fn pods() -> Answer {
    let pod = |name: &str, ready: &str| {
        json!({"metadata": {"name": name, "namespace": "default", "uid": "1"}, "spec": {"containers": []},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}})
    };
    let items = [pod("web-1", "True"), pod("web-2", "False")];
    object(&json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}))
}

fn forbidden() -> Answer {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "no"});
    Answer::status(403, "Content-Type: application/json", status.to_string())
}

fn check(api: &ScriptedApi, targets: &[&str]) -> Run {
    let words = ["check", "--from-here", "--protocol", "tcp", "-o", "json"];
    api.pods(words.into_iter().chain(targets.iter().copied())).run()
}

fn first_target(run: &Run) -> Value {
    let mut report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    report["targets"][0].take()
}

/// State and note of each link.
fn chain(target: &Value) -> BTreeMap<String, (String, String)> {
    let links = target["chain"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    links
        .iter()
        .map(|link| (text(&link["what"]), (text(&link["state"]), text(&link["note"]))))
        .collect()
}

/// A port of this machine on which nobody listens.
fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn nothing_is_read_about_what_is_as_expected() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let api = api(listener.local_addr().expect("an address").port(), Manner::Tells);
    let target = first_target(&check(&api, &["svc/web"]).success());
    assert!(target["causes"].is_null() && target["chain"].is_null(), "{target}");
    assert!(target["direct"].is_null(), "what stands by is not asked: {target}");
    let mut paths = api.paths();
    paths.sort();
    assert_eq!(paths.len(), 2, "the Service and its slices, as for every Service: {paths:?}");
}

#[test]
fn each_thing_is_read_once_and_the_endpoint_was_asked() {
    let api = api(closed(), Manner::Tells);
    let target = first_target(&check(&api, &["svc/web", "svc/web", "http://web"]).exits(2));
    assert_eq!(target["direct"][0]["verdict"], "refused", "{target}");
    assert_eq!(target["causes"][0]["kind"], "target-port-refused", "{target}");
    let chain = chain(&target);
    for (link, state) in [
        ("service", "held"),
        ("port", "held"),
        ("selector", "held"),
        ("direct", "broken"),
        ("connect", "broken"),
    ] {
        assert_eq!(chain[link].0, state, "{link}: {chain:?}");
    }
    let lists = api.paths().into_iter().filter(|path| path.contains("labelSelector=app%3Dweb"));
    assert_eq!(lists.count(), 1, "{:?}", api.paths());
}

#[test]
fn without_rights_there_is_a_verdict_and_what_was_not_looked_at_is_said() {
    let target = first_target(&check(&api(closed(), Manner::Forbids), &["svc/web"]).exits(2));
    assert_eq!(target["verdict"], "refused", "{target}");
    let chain = chain(&target);
    let why = "no right to list pods in namespace default";
    assert_eq!(chain["selector"], ("not-looked-at".to_owned(), why.to_owned()), "{chain:?}");
    assert_eq!(chain["ready"].0, "not-looked-at", "nothing unseen is called fine: {chain:?}");
}

#[test]
fn a_server_that_is_silent_is_not_waited_for() {
    let run = check(&api(closed(), Manner::IsSilent), &["svc/web"]).exits(2);
    assert!(run.took < Duration::from_secs(20), "{}", run.story());
    let chain = chain(&first_target(&run));
    assert_eq!(chain["selector"], ("not-looked-at".to_owned(), "no answer within 2 s".to_owned()));
}

#[test]
fn a_host_that_was_led_elsewhere_is_not_looked_for_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let api = api(port, Manner::Tells);
    let (url, resolve) = (format!("http://web:{port}"), format!("web:{port}:127.0.0.2"));
    let run = check(&api, &["svc/web", &url, "--resolve", &resolve]).exits(2);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let [held, led] = [&report["targets"][0], &report["targets"][1]];
    assert_eq!(held["verdict"], "open", "{}", run.story());
    assert_eq!(led["verdict"], "refused", "{}", run.story());
    assert!(led["causes"].is_null(), "the Service has no part in it: {led}");
    let name = ("held".to_owned(), "127.0.0.2, as --resolve says".to_owned());
    assert_eq!(chain(led)["name"], name);
    let asked = api.paths().into_iter().filter(|path| path.ends_with("/services/web"));
    assert_eq!(asked.count(), 1, "for svc/web alone: {:?}", api.paths());
}

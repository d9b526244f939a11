//! Pods of every kind, made by hand: nothing schedules them, and their statuses are written by the test.

use serde_json::{Value, json};

use harness::Namespace;

/// Environment values that a careless YAML or JSON writer gets wrong.
const AWKWARD: &[&str] = &[
    "yes",
    "Yes",
    "yEs",
    "no",
    "on",
    "y",
    "n",
    "true",
    "False",
    "null",
    "~",
    "",
    " ",
    " lead",
    "trail ",
    "a: b",
    "a:b",
    "a:",
    "#x",
    "a #b",
    "a#b",
    "- x",
    "-x",
    "-",
    "?",
    "? x",
    ":",
    "@",
    "*x",
    "&x",
    "!tag",
    "%x",
    "`x",
    "'",
    "''",
    "\"",
    "it's",
    "say \"hi\"",
    "{}",
    "[]",
    "{a",
    "a]",
    "a,b",
    "|",
    ">",
    "=",
    "<<",
    "<b>&amp;</b>",
    "1",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "1e",
    "0x1F",
    "0x",
    "0o17",
    "017",
    "089",
    "0b101",
    "0b2",
    "1_000",
    "_1",
    "12:30:45",
    "1:60",
    "190:20:30.15",
    "2026-11-22",
    "2026-1-2",
    "2026-13-01",
    "2024-02-29",
    "2023-02-29",
    "2026-11-22T14:00:00Z",
    "2026-11-22T14:00:00",
    "2026-11-22 14:00:00",
    "2026-11-22t1:2:3.5+02:00",
    ".5",
    ".",
    "...",
    "---",
    "--- x",
    ".inf",
    "-.Inf",
    ".nan",
    ".Nan",
    "1e999",
    "18446744073709551616",
    "99999999999999999999",
    "0.",
    "-0",
    "+",
    "multi\nline",
    "multi\nline\n",
    "multi\nline\n\n",
    "\nlead",
    "\n",
    " a\nb",
    "a \nb",
    "a\n b",
    "a\n\nb",
    "tab\tx",
    "\ttab",
    "a\n\tb",
    "cr\rx",
    "crlf\r\ny",
    "é",
    "日本語",
    "emoji 😀 x",
    "😀\nb",
    "a\u{a0}b",
    "a\u{2028}b",
    "\u{1}x",
    "\u{1b}[31mred",
    "\u{8}\u{c}",
    "C:\\path",
    "a\\nb",
    "$(VAR)",
    "http://x/y?z=1&b=2#f",
    "#!/bin/sh\necho hi\n",
];

/// Long values, which YAML folds at 80 columns.
fn long() -> Vec<String> {
    [
        ("long ", 40),
        ("x", 200),
        ("'quoted ", 20),
        ("# folded ", 20),
        ("tab\t and words ", 12),
        ("日本 ", 60),
        ("😀 ", 40),
        ("a  b   c ", 20),
    ]
    .into_iter()
    .map(|(text, times)| text.repeat(times))
    .collect()
}

/// A pod that no scheduler touches.
pub(crate) fn gated(name: &str, mut spec: Value) -> Value {
    spec["schedulingGates"] = json!([{ "name": "example.com/never" }]);
    spec["terminationGracePeriodSeconds"] = json!(0);
    if spec.get("containers").is_none() {
        spec["containers"] = json!([{ "name": "a", "image": "example.com/a" }]);
    }
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec })
}

/// Pods whose specs are full of awkward strings, keys and numbers.
pub(crate) fn create_awkward(namespace: &Namespace) {
    let values: Vec<String> = AWKWARD.iter().map(ToString::to_string).chain(long()).collect();
    let mut pods = Vec::new();
    for (index, values) in values.chunks(50).enumerate() {
        let env: Vec<Value> = values
            .iter()
            .enumerate()
            .map(|(index, value)| json!({ "name": format!("E{index}"), "value": value }))
            .collect();
        let container = json!({ "name": "a", "image": "example.com/a", "env": env, "args": [], "command": ["sh", "-c", "x\ny\n"] });
        let mut pod = gated(&format!("awkward-{index}"), json!({ "containers": [container] }));
        pod["metadata"]["labels"] =
            json!({ "app": "awkward", "tier": "yes", "example.com/n": "1e3" });
        pod["metadata"]["annotations"] = json!({
            "k1": "a", "k10": "b", "k9": "c", "k01": "d", "a-b": "e", "a.b/c": "f", "aB": "g", "A": "h",
            format!("{}.example.com/{}", "a".repeat(60), "k".repeat(60)): "a key too long for a simple key\nreally",
        });
        pods.push(pod);
    }
    create(namespace, &pods);
}

/// Pods in every state that the table has words for, by name.
pub(crate) fn create_states(namespace: &Namespace) {
    let states = states();
    let pods: Vec<Value> = states.iter().map(|(name, spec, _)| gated(name, spec.clone())).collect();
    create(namespace, &pods);
    let with_status = |(mut pod, (_, _, mut status)): (Value, State)| {
        // Instead of the server's own SchedulingGated.
        if status.get("conditions").is_none() {
            status["conditions"] = json!([]);
        }
        pod["status"] = status;
        pod
    };
    let pods: Vec<Value> = pods.into_iter().zip(states).map(with_status).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods });
    let replace = ["replace", "--subresource=status", "-f", "-"];
    namespace.kubectl(replace).stdin(list.to_string()).run().success();
}

fn create(namespace: &Namespace, pods: &[Value]) {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods });
    namespace.kubectl(["create", "-f", "-"]).stdin(list.to_string()).run().success();
}

type State = (&'static str, Value, Value);

fn states() -> Vec<State> {
    let mut states = main_states();
    states.extend(init_states());
    states.extend(odd_states());
    states
}

fn running(restarts: i64) -> Value {
    json!({ "name": "a", "image": "", "imageID": "", "ready": true, "restartCount": restarts, "state": { "running": {} } })
}

fn waiting(reason: &str) -> Value {
    json!({ "name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": { "waiting": { "reason": reason } } })
}

fn ended(exit_code: i64, signal: i64, reason: &str) -> Value {
    json!({ "name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0,
        "state": { "terminated": { "exitCode": exit_code, "signal": signal, "reason": reason } } })
}

fn restarted(mut container: Value, restarts: i64, at: &str) -> Value {
    container["restartCount"] = json!(restarts);
    container["lastState"] = json!({ "terminated": { "exitCode": 1, "finishedAt": at } });
    container
}

fn named(mut container: Value, name: &str) -> Value {
    container["name"] = json!(name);
    container
}

fn two() -> Value {
    json!({ "containers": [{ "name": "a", "image": "example.com/a" }, { "name": "b", "image": "example.com/b" }] })
}

fn main_states() -> Vec<State> {
    let of =
        |phase: &str, containers: Value| json!({ "phase": phase, "containerStatuses": containers });
    let ready = |status: &str| json!([{ "type": "Ready", "status": status }]);
    let mut beside = of("Running", json!([running(0), named(ended(0, 0, "Completed"), "b")]));
    let not_ready = beside.clone();
    beside["conditions"] = ready("True");
    vec![
        (
            "backoff",
            json!({}),
            of(
                "Running",
                json!([restarted(waiting("CrashLoopBackOff"), 7, "2026-01-02T03:04:05Z")]),
            ),
        ),
        ("completed", json!({}), of("Succeeded", json!([ended(0, 0, "Completed")]))),
        (
            "completed-and-error",
            two(),
            of("Failed", json!([ended(0, 0, "Completed"), named(ended(3, 0, "Error"), "b")])),
        ),
        ("completed-and-ready", two(), beside),
        ("completed-and-running", two(), not_ready),
        ("error", json!({}), of("Failed", json!([ended(1, 0, "Error")]))),
        ("exit-code", json!({}), of("Failed", json!([ended(7, 0, "")]))),
        (
            "first-has-last-word",
            two(),
            of("Running", json!([waiting("ErrImagePull"), named(ended(1, 0, "Error"), "b")])),
        ),
        ("image", json!({}), of("Pending", json!([waiting("ImagePullBackOff")]))),
        ("oom", json!({}), of("Running", json!([ended(137, 0, "OOMKilled")]))),
        (
            "restarted",
            json!({}),
            of("Running", json!([restarted(running(0), 3, "2025-11-22T00:00:00Z")])),
        ),
        ("restarts-unknown", json!({}), of("Running", json!([running(4)]))),
        ("running", two(), of("Running", json!([running(0), named(running(0), "b")]))),
        ("signal", json!({}), of("Failed", json!([ended(137, 9, "")]))),
        ("waiting-without-reason", json!({}), of("Pending", json!([waiting("")]))),
    ]
}

fn init_states() -> Vec<State> {
    let spec = || {
        json!({
            "containers": [{ "name": "a", "image": "example.com/a" }],
            "initContainers": [{ "name": "i", "image": "example.com/i" },
                { "name": "side", "image": "example.com/s", "restartPolicy": "Always" }],
        })
    };
    let of = |inits: Value| json!({ "phase": "Pending", "initContainerStatuses": inits, "containerStatuses": [waiting("PodInitializing")] });
    let done = || named(restarted(ended(0, 0, "Completed"), 2, "2025-01-01T00:00:00Z"), "i");
    let side = |started: bool| {
        let mut side = named(restarted(running(0), 5, "2026-03-01T00:00:00Z"), "side");
        side["started"] = json!(started);
        side
    };
    let mut running_side = of(json!([done(), side(true)]));
    running_side["phase"] = json!("Running");
    running_side["containerStatuses"] = json!([restarted(running(0), 1, "2025-06-01T00:00:00Z")]);
    let mut initialized = of(json!([named(waiting("PodInitializing"), "i")]));
    initialized["conditions"] = json!([{ "type": "Initialized", "status": "True" }]);
    vec![
        (
            "init-backoff",
            spec(),
            of(json!([named(
                restarted(waiting("CrashLoopBackOff"), 3, "2026-01-01T00:00:00Z"),
                "i"
            )])),
        ),
        ("init-error", spec(), of(json!([named(ended(1, 0, "Error"), "i")]))),
        ("init-exit-code", spec(), of(json!([named(ended(2, 0, ""), "i")]))),
        ("init-first", spec(), of(json!([named(waiting("PodInitializing"), "i")]))),
        ("init-once-initialized", spec(), initialized),
        ("init-second", spec(), of(json!([done(), side(false)]))),
        ("init-signal", spec(), of(json!([named(ended(1, 9, ""), "i")]))),
        ("sidecar", spec(), running_side),
        ("sidecar-started", spec(), of(json!([done(), side(true)]))),
    ]
}

fn odd_states() -> Vec<State> {
    let reason = |text: &str| json!({ "phase": "Failed", "reason": text });
    let gates = json!({ "readinessGates": [{ "conditionType": "example.com/x" }, { "conditionType": "example.com/y" }] });
    vec![
        ("evicted", json!({}), reason("Evicted")),
        (
            "gates",
            gates,
            json!({ "phase": "Running", "conditions": [{ "type": "example.com/y", "status": "True" }, { "type": "example.com/x", "status": "False" }] }),
        ),
        (
            "ip",
            json!({}),
            json!({ "phase": "Running", "podIP": "10.1.2.3", "podIPs": [{ "ip": "10.1.2.3" }, { "ip": "fd00::3" }] }),
        ),
        ("ip-alone", json!({}), json!({ "phase": "Running", "podIP": "10.1.2.4" })),
        ("nominated", json!({}), json!({ "phase": "Pending", "nominatedNodeName": "node9" })),
        ("reason-carriage-return", json!({}), reason("one\rtwo")),
        ("reason-escape", json!({}), reason("\u{1b}[31mred\u{7}")),
        ("reason-form-feed", json!({}), reason("one\u{c}two")),
        ("reason-line-feed", json!({}), reason("one\ntwo")),
        ("reason-tab", json!({}), reason("one\ttwo")),
        ("reason-vertical-tab", json!({}), reason("one\u{b}two")),
        ("reason-wide", json!({}), reason("日本語 😀 é")),
        ("unknown-phase", json!({}), json!({ "phase": "Unknown" })),
    ]
}

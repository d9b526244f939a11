//! Lists from files, and from servers that misbehave on purpose.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use harness::{Answer, Plugin, ScriptedApi, closed_pipe, same_within_seconds};

/// A server's Table with these pods.
fn table(names: &[&str], meta: &Value) -> String {
    let rows: Vec<Value> = names
        .iter()
        .map(|name| json!({ "cells": [name, "1/1", "Running", "0", "5m", "10.0.0.1", "node1", "<none>", "<none>"],
            "object": { "metadata": { "name": name, "namespace": "shop", "labels": { "app": "x" } } } }))
        .collect();
    let column = |name: &str, priority: i32| json!({ "name": name, "type": "string", "format": if name == "Name" { "name" } else { "" }, "priority": priority });
    let columns: Vec<Value> = ["Name", "Ready", "Status", "Restarts", "Age"]
        .map(|name| column(name, 0))
        .into_iter()
        .chain(["IP", "Node", "Nominated Node", "Readiness Gates"].map(|name| column(name, 1)))
        .collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": columns, "rows": rows }).to_string()
}

fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({ "kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code });
    Answer::status(code, "Content-Type: application/json", body.to_string())
}

const TWO: &str = "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          5m\nb      1/1     Running   0          5m\n";

#[test]
fn no_more_is_asked_for_than_is_shown() {
    let cases: [(&[&str], &str); 7] = [
        (&[], "GET /api/v1/namespaces/default/pods?includeObject=None "),
        (&["-o", "wide"], "GET /api/v1/namespaces/default/pods?includeObject=None "),
        (&["-o", "name"], "GET /api/v1/namespaces/default/pods?includeObject=None "),
        (&["-A"], "GET /api/v1/pods?includeObject=Metadata&limit=100 "),
        (&["-L", "app"], "GET /api/v1/namespaces/default/pods?includeObject=Metadata "),
        (&["a", "-n", "shop"], "GET /api/v1/namespaces/shop/pods/a?includeObject=None "),
        (
            &["-l", "a=b", "--chunk-size=9"],
            "GET /api/v1/namespaces/default/pods?includeObject=None&labelSelector=a%3Db&limit=9 ",
        ),
    ];
    for (words, expected) in cases {
        let api = ScriptedApi::start([Answer::json(table(&["a", "b"], &json!({})))]);
        api.pods(words.iter().copied()).run().success();
        let asked = api.asked();
        assert_eq!(asked.len(), 1, "{words:?}: {asked:?}");
        assert!(asked[0].starts_with(expected), "{words:?}: {}", asked[0]);
        assert!(asked[0].to_lowercase().contains("\r\nuser-agent: kubectl-pods/"), "{}", asked[0]);
    }
}

#[test]
fn pages_are_followed_until_a_token_expires() {
    let first = Answer::json(table(&["a"], &json!({ "continue": "next" })));
    let second = Answer::json(table(&["b"], &json!({})));
    let api = ScriptedApi::start([first.clone(), second]);
    api.pods(["--chunk-size=1"]).run().success().prints(TWO);
    assert!(api.asked()[1].contains("limit=1&continue=next "), "{:?}", api.asked());

    // As in kubectl: the rows so far, the server's words, exit code 1.
    let api = ScriptedApi::start([
        first,
        status(410, "Expired", "The provided continue parameter is too old"),
    ]);
    let run = api.pods(["--chunk-size=1"]).run().exits(1);
    assert_eq!(
        run.stdout,
        "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          5m\n"
    );
    assert_eq!(
        run.stderr,
        "Error from server (Expired): The provided continue parameter is too old\n"
    );
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_when() {
    let busy = status(429, "TooManyRequests", "too many").header("Retry-After: 1");
    let api = ScriptedApi::start([busy, Answer::json(table(&["a", "b"], &json!({})))]);
    let run = api.pods([]).run().success().prints(TWO);
    assert!(run.took >= Duration::from_secs(1), "{}", run.story());

    let api = ScriptedApi::start([status(429, "TooManyRequests", "too many")]);
    api.pods([]).run().exits(1).complains("Error from server (TooManyRequests): too many\n");
    assert_eq!(api.asked().len(), 1, "without Retry-After nobody asks twice");
}

#[test]
fn whole_pods_come_in_pages_of_500() {
    let pods = |names: &[&str], token: &str| {
        let pods: Vec<Value> =
            names.iter().map(|name| json!({ "metadata": { "name": name } })).collect();
        let meta = json!({ "resourceVersion": "1", "continue": token });
        let list =
            json!({ "kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": pods });
        Answer::json(list.to_string())
    };
    let api = ScriptedApi::start([pods(&["a"], "next"), pods(&["b"], "")]);
    let paged = api.pods(["-o", "json"]).run().success().stdout;
    let path = "/api/v1/namespaces/default/pods";
    assert_eq!(
        api.paths(),
        [format!("{path}?limit=500"), format!("{path}?limit=500&continue=next")]
    );

    let api = ScriptedApi::start([pods(&["a", "b"], "")]);
    api.pods(["-o", "json", "--chunk-size=0"]).run().success().prints(&paged);
    assert_eq!(api.paths(), [path]);
}

#[test]
fn what_a_failure_says_is_not_read_without_end() {
    let answer = Answer::status(500, "Content-Type: text/plain", "x".repeat(2 << 20));
    for words in [&["-o", "wide"][..], &["check", "web:80"]] {
        let api = ScriptedApi::start([answer.clone()]);
        api.pods(words.iter().copied()).run().exits(1).complains(
            "Unable to connect to the server: what it says about a failure is too long to be read\n",
        );
    }
}

#[test]
fn warnings_are_passed_on_once() {
    let warned =
        Answer::json(table(&["a"], &json!({}))).header("Warning: 299 - \"old \\\"thing\\\"\"");
    let api = ScriptedApi::start([warned]);
    let run = api.pods(["a", "a"]).run().success();
    assert_eq!(run.stderr, "Warning: old \"thing\"\n");
}

#[test]
fn answers_that_are_none_are_errors() {
    let html = Answer::status(502, "Content-Type: text/html", "<h1>bad</h1>");
    let cases = [
        (
            html,
            "Error from server (InternalError): an error on the server (\"<h1>bad</h1>\") has prevented the request from succeeding (get pods)\n",
        ),
        (
            Answer::status(404, "X: y", "404 page not found"),
            "Error from server (NotFound): Unable to list \"/v1, Resource=pods\": the server could not find the requested resource (get pods)\n",
        ),
        (Answer::json("<html>"), "error: the server's answer is not the JSON that was asked for\n"),
        (
            Answer::json("{\"kind\":\"PodList\"}"),
            "error: the server did not answer with a table of pods\n",
        ),
        (
            Answer::json("{\"kind\":\"Table\",\"rows\":[{\"cells\":[]}]}"),
            "error: the server's table has rows without columns\n",
        ),
        (Answer::json("{\"kind\":\"Table\""), "error: the server's answer ended in the middle\n"),
    ];
    for (answer, expected) in cases {
        let run = ScriptedApi::start([answer]).pods([]).run().exits(1).prints("");
        assert_eq!(run.stderr, expected);
    }
    let cut = Answer::json(table(&["a", "b", "c", "d"], &json!({}))).cut_short();
    ScriptedApi::start([cut])
        .pods([])
        .run()
        .exits(1)
        .complains("Unable to connect to the server: ");
}

#[test]
fn a_saved_list_reads_as_a_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(90);
    let pod = |name: &str, namespace: &str| {
        json!({ "kind": "Pod", "apiVersion": "v1",
        "metadata": { "name": name, "namespace": namespace, "creationTimestamp": created.to_string() },
        "spec": { "containers": [{ "name": "c" }], "nodeName": "node1" },
        "status": { "phase": "Running", "podIP": "10.0.0.1",
            "containerStatuses": [{ "name": "c", "ready": true, "restartCount": 0, "state": { "running": {} } }] } })
    };
    let list = json!({ "kind": "List", "apiVersion": "v1", "items": [pod("web", "shop"), pod("db", "back")] });
    let path = folder.path().join("pods.json");
    fs::write(&path, list.to_string()).expect("written");
    let path = path.to_str().expect("a path in UTF-8");
    let head = "NAME   READY   STATUS    RESTARTS   AGE\n";
    let cases: [(&[&str], String); 6] = [
        (
            &[],
            format!(
                "{head}web    1/1     Running   0          90m\ndb     1/1     Running   0          90m\n"
            ),
        ),
        (&["-n", "back"], format!("{head}db     1/1     Running   0          90m\n")),
        (
            &["db", "web"],
            format!(
                "{head}db     1/1     Running   0          90m\nweb    1/1     Running   0          90m\n"
            ),
        ),
        (&["-o", "name"], String::from("pod/web\npod/db\n")),
        (
            &["-A", "--no-headers"],
            String::from(
                "shop   web   1/1   Running   0     90m\nback   db    1/1   Running   0     90m\n",
            ),
        ),
        (
            &["web", "-o", "wide", "--no-headers"],
            String::from("web   1/1   Running   0     90m   10.0.0.1   node1   <none>   <none>\n"),
        ),
    ];
    for (words, expected) in cases {
        let run = Plugin::args(["-f", path]).args(words.iter().copied()).run().success();
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            (expected.as_str(), ""),
            "{words:?}"
        );
    }
    Plugin::args(["-f", path, "nope"]).run().exits(1).complains("pods.json has no pod \"nope\"\n");
    Plugin::args(["-f", path, "nope", "--ignore-not-found"]).run().success().prints("");
    Plugin::args(["-f", path, "-l", "a=b"]).run().exits(1).complains("selectors need a cluster");
}

#[test]
fn a_saved_list_comes_from_anywhere() {
    let saved = table(&["a", "b"], &json!({}));
    Plugin::args(["-f", "-"]).stdin(&saved).run().success().prints(TWO);
    // JSON behind a comment is YAML.
    Plugin::args(["-f", "-"]).stdin(format!("# saved\n{saved}")).run().success().prints(TWO);
    let api = ScriptedApi::start([Answer::json(saved)]);
    let url = format!("http://{}/pods.json", api.address());
    Plugin::args(["-f", &url]).run().success().prints(TWO);
    let yaml = "kind: Pod\nmetadata:\n  name: x\n  creationTimestamp: null\n";
    let table =
        "NAME   READY   STATUS   RESTARTS   AGE\nx      0/0              0          <unknown>\n";
    Plugin::args(["-f", "-"]).stdin(yaml).run().success().prints(table);
}

#[test]
fn a_saved_list_says_the_same_in_yaml() {
    let json = format!("{}/fixtures/pods.json", env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = folder.path().join("pods.yaml").display().to_string();
    let converted = Plugin::args(["-f", &json, "-o", "yaml"]).run().success();
    fs::write(&yaml, &converted.stdout).expect("written");
    let lines: &[&[&str]] = &[
        &[],
        &["-A", "-o", "wide"],
        &["-L", "app", "--show-labels"],
        &["-n", "shop", "nginx-ser", "crashing", "nginx-ser"],
        &["nope", "crashing"],
        &["-o", "name"],
        &["-o", "json"],
        &["-o", "yaml", "crashing"],
        &["-o", "guest:by-node"],
    ];
    for line in lines {
        let read = |path: &str| Plugin::args(["-f", path]).args(line.iter().copied()).run();
        same_within_seconds(
            || {
                let mut run = read(&yaml);
                run.stderr = run.stderr.replace(&yaml, &json);
                run
            },
            || read(&json),
        );
        assert_ne!(read(&yaml).stdout, "", "{line:?}");
    }
}

/// As many values and documents as the pods of a large cluster have in YAML.
#[test]
fn a_long_saved_list_is_read_in_yaml_too() {
    let many =
        format!("kind: Pod\nmetadata: {{name: a}}\nspec: {{x: [{}]}}\n", "1,".repeat(260_000));
    Plugin::args(["-f", "-", "-o", "name"]).stdin(many).run().success().prints("pod/a\n");
    let documents = "---\nkind: Pod\nmetadata: {name: a}\n".repeat(1_100);
    let run = Plugin::args(["-f", "-", "-o", "name"]).stdin(documents).run().success();
    assert_eq!(run.stdout.lines().count(), 1_100);
    // What is long only by repeating itself is refused.
    let level = |level: usize| {
        let before = format!("*a{},", level - 1).repeat(9);
        format!("a{level}: &a{level} [{before}]\n")
    };
    let bomb = format!("a0: &a0 [x]\n{}", (1..12).map(level).collect::<String>());
    let run = Plugin::args(["-f", "-"]).stdin(bomb).run().exits(1).prints("");
    run.complains("- is neither JSON nor YAML");
}

#[test]
fn a_stream_of_documents_is_one_list() {
    let fixture = |name: &str| format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let article = fixture("article.yaml");
    let names = "pod/nginx-ser\npod/httpd-ser\n";
    Plugin::args(["-f", &article, "-o", "name"]).run().success().prints(names);
    Plugin::args(["-f", &article, "-o", "name", "httpd-ser"])
        .run()
        .success()
        .prints("pod/httpd-ser\n");
    let round_trip = Plugin::args(["-f", &article, "-o", "yaml"]).run().success();
    let streams = [
        (
            "a list and a pod",
            "kind: List\nitems: [{kind: Pod, metadata: {name: nginx-ser}}]\n---\nkind: Pod\nmetadata: {name: httpd-ser}\n",
        ),
        (
            "empty documents",
            "---\n---\nkind: Pod\nmetadata: {name: nginx-ser}\n---\n# none\n---\nkind: Pod\nmetadata: {name: httpd-ser}\n",
        ),
        ("our own output", round_trip.stdout.as_str()),
    ];
    for (name, text) in streams {
        let run = Plugin::args(["-f", "-", "-o", "name"]).stdin(text).run();
        assert_eq!((run.stdout.as_str(), run.code), (names, 0), "{name}\n{}", run.story());
    }
    let services = fixture("services.yaml");
    let run = Plugin::args(["-f", &services]).run().exits(1);
    assert_eq!(run.stderr, format!("error: {services} has a Service in it, not only pods\n"));
}

#[test]
fn what_is_no_saved_list_is_refused() {
    let cases = [
        ("", "- is no list of pods"),
        ("[1]", "- is no list of pods"),
        ("{\"kind\":\"Node\"}", "- is no list of pods: its kind is Node"),
        (
            "{\"items\":[{\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"}}]}",
            "- has a Node in it, not only pods",
        ),
        ("{\"items\":[", "cannot read -"),
        ("a: [", "- is neither JSON nor YAML"),
    ];
    for (text, expected) in cases {
        let run = Plugin::args(["-f", "-"]).stdin(text).run().exits(1).prints("");
        run.complains(expected);
    }
    Plugin::args(["-f", "/no/such/file"])
        .run()
        .exits(1)
        .complains("the path \"/no/such/file\" does not exist\n");
    Plugin::args(["-f", "http://127.0.0.1:1/x"])
        .run()
        .exits(1)
        .complains("error: cannot download http://127.0.0.1:1/x: connection refused\n");
}

#[test]
fn what_is_no_list_of_pods_is_not_taken_for_one() {
    let status =
        r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "boom"}"#;
    let list = "error: the server did not answer with a list of pods";
    let table = "error: the server did not answer with a table of pods";
    let cases: [(&[&str], &str, &str); 5] = [
        (&["-o", "json"], status, list),
        (&["-o", "yaml"], r#"{"kind": "Table", "rows": []}"#, list),
        (&["-o", "json", "web"], status, "error: the server did not answer with a pod"),
        (&[], status, table),
        (&[], "{}", table),
    ];
    for (flags, answer, complaint) in cases {
        let api = ScriptedApi::start([Answer::json(answer)]);
        let run = api.pods(flags.iter().copied()).run().exits(1);
        run.complains(complaint);
    }
    let services = r#"{"kind": "ServiceList", "items": [{"metadata": {"name": "web"}}]}"#;
    let run = Plugin::args(["-f", "-"]).stdin(services).run().exits(1);
    run.complains("error: - is no list of pods: its kind is ServiceList\n");
}

#[test]
fn a_closed_pipe_is_no_news() {
    let names: Vec<String> = (0..20_000).map(|n| format!("pod-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.json");
    fs::write(&path, table(&names, &json!({}))).expect("written");
    let command = Plugin::args(["-f", path.to_str().expect("UTF-8")]);
    let output = command.std().stdout(closed_pipe()).output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{:?}", output.status);
}

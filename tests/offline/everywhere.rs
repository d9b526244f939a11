//! Pods of all namespaces: asked for namespace by namespace, or in one request where that cannot be.

use serde_json::{Value, json};

use harness::{Answer, ScriptedApi};

/// All pods, in the order of the server's keys: namespace and name.
const PODS: [(&str, &str); 5] = [("a-b", "p"), ("a", "a"), ("a", "b"), ("b", "c"), ("zoo", "a")];

const EXPECTED: &str =
    "NAMESPACE   NAME\na-b         p\na           a\na           b\nb           c\nzoo         a\n";

/// The first page, and all that is behind it.
const FIRST: &str = "/api/v1/pods?includeObject=Metadata&limit=100";
const REST: &str = "/api/v1/pods?includeObject=Metadata&continue=x";

fn table(pods: &[(&str, &str)], meta: &Value, metadata: bool) -> Answer {
    let row = |(namespace, name): &(&str, &str)| {
        let object = json!({ "metadata": { "namespace": namespace, "name": name } });
        json!({ "cells": [name], "object": if metadata { object } else { Value::Null } })
    };
    let rows: Vec<Value> = pods.iter().map(row).collect();
    let column = json!({ "name": "Name", "type": "string", "format": "name", "priority": 0 });
    let table = json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": [column], "rows": rows });
    Answer::json(table.to_string())
}

fn refused() -> Answer {
    let status = json!({ "kind": "Status", "status": "Failure", "reason": "Forbidden", "message": "no", "code": 403 });
    Answer::status(403, "Content-Type: application/json", status.to_string())
}

fn namespaces(names: &[&str]) -> Answer {
    let items: Vec<Value> =
        names.iter().map(|name| json!({ "metadata": { "name": name } })).collect();
    let list = json!({ "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "items": items });
    Answer::json(list.to_string())
}

/// A server with `remaining` pods behind the first page, of which only some exist; it refuses what is under `forbidden`.
fn server(remaining: usize, forbidden: &'static str) -> ScriptedApi {
    ScriptedApi::choosing(move |_, request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        if path.starts_with(forbidden) {
            return refused();
        }
        if path.starts_with("/api/v1/namespaces?") {
            return namespaces(&["zoo", "a", "b", "a-b", "empty"]);
        }
        if path == FIRST {
            let meta =
                json!({ "continue": "x", "remainingItemCount": remaining, "resourceVersion": "7" });
            return table(&PODS[..2], &meta, true);
        }
        if path == REST {
            return table(&PODS[2..], &json!({}), true);
        }
        let parameters =
            "/pods?includeObject=None&resourceVersion=7&resourceVersionMatch=NotOlderThan";
        let namespace =
            path.strip_prefix("/api/v1/namespaces/").and_then(|rest| rest.strip_suffix(parameters));
        let Some(namespace) = namespace else { return refused() };
        let pods: Vec<_> = PODS.into_iter().filter(|(of, _)| *of == namespace).collect();
        table(&pods, &json!({}), false)
    })
}

#[test]
fn pods_behind_the_first_page_come_namespace_by_namespace() {
    let api = server(600, "/nothing");
    api.pods(["-A"]).run().success().prints(EXPECTED);
    let paths = api.paths();
    assert!(!paths.iter().any(|path| path == REST), "{paths:?}");
    assert!(!paths.iter().any(|path| path.contains("/a-b/")), "it was read: {paths:?}");
}

#[test]
fn where_that_cannot_be_it_is_one_request() {
    let cases = [
        (600, "/api/v1/namespaces?", "namespaces may not be listed"),
        (600, "/api/v1/namespaces/b/", "one of them is refused"),
        (10, "/api/v1/namespaces", "few pods remain"),
    ];
    for (remaining, forbidden, why) in cases {
        let api = server(remaining, forbidden);
        let run = api.pods(["-A"]).run().success();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (EXPECTED, ""), "{why}");
        assert!(api.paths().iter().any(|path| path == REST), "{why}: {:?}", api.paths());
    }
    let run = server(600, "/api/v1/pods").pods(["-A"]).run();
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
}

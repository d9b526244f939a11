//! A server that has too much to do is asked again when it says when, whatever it was asked.

use harness::{Answer, ScriptedApi};

/// Too many requests; come back at once.
fn busy() -> Answer {
    let status =
        r#"{"kind": "Status", "status": "Failure", "reason": "TooManyRequests", "code": 429}"#;
    Answer::status(429, "Content-Type: application/json", status).header("Retry-After: 0")
}

fn refusal() -> Answer {
    let status = r#"{"kind": "Status", "status": "Failure", "reason": "Forbidden", "message": "no", "code": 403}"#;
    Answer::status(403, "Content-Type: application/json", status)
}

/// An object of a standing probe.
fn part(kind: &str) -> Answer {
    let labels = serde_json::json!({
        "app.kubernetes.io/managed-by": "kubectl-pods",
        "app.kubernetes.io/name": "kubectl-pods",
        "app.kubernetes.io/component": "monitor",
        "app.kubernetes.io/instance": "kubectl-pods-monitor",
    });
    let metadata = serde_json::json!({"name": "kubectl-pods-monitor", "labels": labels});
    Answer::json(serde_json::json!({"kind": kind, "metadata": metadata}).to_string())
}

/// What was asked, without the headers: method and path, and the body.
fn questions(api: &ScriptedApi) -> Vec<(String, String)> {
    let question = |request: &String| {
        let (head, body) = request.split_once("\r\n\r\n").expect("an empty line");
        (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
    };
    api.asked().iter().map(question).collect()
}

#[test]
fn every_kind_of_request_is_repeated() {
    let cases: [(&str, &[&str], Vec<Answer>); 4] = [
        ("GET ", &["-o", "name"], vec![]),
        ("GET ", &["check", "web:80"], vec![]),
        ("POST ", &["check", "10.0.0.7:80"], vec![]),
        ("DELETE ", &["monitor", "uninstall"], vec![part("ConfigMap"), part("DaemonSet")]),
    ];
    for (method, words, before) in cases {
        let nth = before.len();
        let api = ScriptedApi::start(before.into_iter().chain([busy(), busy(), refusal()]));
        let run = api.pods(words.iter().copied()).run();
        assert!(run.stderr.contains("no"), "the third answer counts: {}", run.story());
        let asked = questions(&api);
        assert!(asked.len() >= nth + 3, "{asked:?}");
        let tries = &asked[nth..nth + 3];
        assert!(tries[0].0.starts_with(method), "{tries:?}");
        assert!(tries.iter().all(|try_| *try_ == tries[0]), "{tries:?}");
        let with_body = method != "GET ";
        assert_eq!(!tries[0].1.is_empty(), with_body, "{tries:?}");
    }
}

#[test]
fn a_server_that_stays_busy_is_given_up_after_ten_repetitions() {
    let api = ScriptedApi::start([busy()]);
    let run = api.pods(["-o", "name"]).run().exits(1);
    assert!(run.stderr.starts_with("Error from server (TooManyRequests)"), "{}", run.story());
    assert_eq!(api.asked().len(), 11);
}

/// A repeated creation finds what the first try made, if only its answer was lost: then there is something to delete.
#[test]
fn a_creation_that_was_carried_out_before_its_repetition_is_undone() {
    let lost = Answer::status(503, "Retry-After: 0", "");
    let exists = r#"{"kind": "Status", "status": "Failure", "reason": "AlreadyExists", "message": "there", "code": 409}"#;
    let exists = Answer::status(409, "Content-Type: application/json", exists);
    let api = ScriptedApi::start([lost, exists, Answer::json("{}")]);
    let run = api.pods(["check", "10.0.0.7:80"]).run();
    let asked = questions(&api);
    assert!(asked.iter().any(|(head, _)| head.starts_with("DELETE ")), "{}", run.story());
}

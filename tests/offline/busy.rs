//! A server that has too much to do is asked again when it says when, whatever it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Answer, ScriptedApi};

/// Gives `answers` in turn, the last one for ever, to requests of one method. Others find an object of a standing probe,
/// or a watch that says nothing: it begins whenever it likes.
fn answering(method: &'static str, answers: Vec<Answer>) -> ScriptedApi {
    let asked = AtomicUsize::new(0);
    ScriptedApi::choosing(move |_, request| {
        if !request.starts_with(method) {
            return match request {
                watch if watch.contains("watch=true") => Answer::never(),
                daemon_set if daemon_set.contains("/daemonsets/") => {
                    Answer::monitor_part("DaemonSet")
                }
                _ => Answer::monitor_part("ConfigMap"),
            };
        }
        let index = asked.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        answers[index].clone()
    })
}

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
    let cases: [(&str, &[&str]); 4] = [
        ("GET ", &["-o", "name"]),
        ("GET ", &["check", "web:80"]),
        ("POST ", &["check", "10.0.0.7:80"]),
        ("DELETE ", &["monitor", "uninstall"]),
    ];
    for (method, words) in cases {
        let api = answering(method, vec![busy(), busy(), refusal()]);
        let run = api.pods(words.iter().copied()).run();
        assert!(run.stderr.contains("(Forbidden): no"), "the third answer counts: {}", run.story());
        let mut asked = questions(&api);
        asked.retain(|(head, _)| head.starts_with(method));
        let [first, again, last, ..] = &asked[..] else { panic!("{asked:?}") };
        assert!(first == again && first == last, "{asked:?}");
        assert_eq!(first.1.is_empty(), method == "GET ", "{asked:?}");
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
    let api = answering("POST ", vec![lost, exists]);
    let run = api.pods(["check", "10.0.0.7:80"]).run();
    let asked = questions(&api);
    assert!(asked.iter().any(|(head, _)| head.starts_with("DELETE ")), "{}", run.story());
}

//! An API server that falls silent: before a probe is in the cluster, when one is to be made, and while it is there.

use std::{
    io::Read as _,
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use harness::{Answer, Plugin, ScriptedApi};
use serde_json::{Value, json};

pub(super) const JOB: &str = r#"{"kind": "Job", "apiVersion": "batch/v1", "metadata": {}}"#;
pub(super) const SUCCESS: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Success"}"#;
pub(super) const NO_PODS: &str =
    r#"{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}"#;

/// Whether a Job was deleted at least `count` times.
fn deleted(asked: &[String], count: usize) -> bool {
    let deletes = |request: &&String| request.starts_with("DELETE /apis/batch/v1/");
    asked.iter().filter(deletes).count() >= count
}

/// The pod runs, and from then on neither its log nor its watch says a word: the limit is ours, 1 s to start, 1 s to run and
/// 20 s of grace.
#[test]
fn an_api_server_that_falls_silent_is_not_waited_for_for_ever() {
    for words in
        [&["check", "10.0.0.7:80", "--timeout", "1s"][..], &["curl", "10.0.0.7", "-m", "1"]]
    {
        let api = ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
            Some("POST") => Answer::json(JOB),
            Some("DELETE") => Answer::json(SUCCESS),
            _ if request.contains("watch") => Answer::running_probes(request),
            _ if request.contains("/log") => Answer::unfinished(""),
            _ => Answer::json(NO_PODS),
        });
        let run = api.pods(words.iter().copied()).args(["--start-timeout", "1s"]).run().exits(3);
        let run = run.complains("no result within 22 s: the API server has stopped answering");
        assert!(run.took < Duration::from_mins(1), "{}", run.story());
        let asked = api.asked();
        assert!(asked.iter().any(|request| request.contains("/log")), "{asked:#?}");
        assert!(deleted(&asked, 1), "{asked:#?}");
    }
}

/// What a probe writes that made one attempt, which a server of our own answered.
pub(super) fn log_of_one_attempt() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let target = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0]);
        }
    });
    let run = Plugin::args(["check", "--from-here", &target, "-o", "json"]).run().success();
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let mut attempt = report["targets"][0]["attempts"][0].clone();
    attempt["n"] = json!(1);
    attempt["record"] = json!("attempt");
    let start = json!({"n": 0, "record": "start", "version": 1, "probe": "test", "attempts": 1});
    let end = json!({"n": 2, "record": "end", "truncated": false});
    [start, attempt, end].map(|record| record.to_string() + "\n").concat()
}

/// Of two Jobs one is never acknowledged. Both probes have one watch and one limit, and what the other brings counts.
#[test]
fn a_job_that_is_never_acknowledged_takes_nothing_from_another() {
    let (log, posts) = (log_of_one_attempt(), AtomicUsize::new(0));
    let api = ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
        Some("POST") if posts.fetch_add(1, Ordering::Relaxed) == 0 => Answer::never(),
        Some("POST") => Answer::json(JOB),
        Some("DELETE") => Answer::json(SUCCESS),
        _ if request.contains("watch") => Answer::running_probes(request),
        _ if request.contains("/log") => Answer::json(log.clone()),
        _ => Answer::json(NO_PODS),
    });
    let from = ["--from-node", "node1", "--from-node", "node2"];
    let words = ["check", "10.0.0.7:80", "--timeout", "1s", "--start-timeout", "1s", "-o", "json"];
    let run = api.pods(words).args(from).run().exits(3);
    let run = run.complains("no result within 22 s: the API server has stopped answering");
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let targets = report["targets"].as_array().expect("a list");
    let mut verdicts: Vec<_> =
        targets.iter().filter_map(|target| target["verdict"].as_str()).collect();
    verdicts.sort_unstable();
    assert_eq!(verdicts, ["not-run", "open"], "{}", run.story());
    let asked = api.asked();
    let count = |word: &str| asked.iter().filter(|request| request.contains(word)).count();
    assert_eq!((count("watch=true"), count("/log?")), (1, 1), "{asked:#?}");
    assert!(deleted(&asked, 2), "the other may have been made all the same: {asked:#?}");
}

#[test]
fn targets_are_not_looked_up_for_ever() {
    let api = ScriptedApi::start([Answer::never()]);
    let run = api.pods(["check", "web", "svc/web", "--start-timeout", "1s"]).run().exits(1);
    let run = run.prints("").complains("no answer about the targets within 21 s");
    assert!(run.took < Duration::from_mins(1), "{}", run.story());
}

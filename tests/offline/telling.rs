//! The answer is told while the probe is being removed: neither waits for the other.

use std::{
    io::Read as _,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use super::silence::{JOB, NO_PODS, SUCCESS, log_of_one_attempt};
use harness::{Answer, ScriptedApi, wait_until};

/// An API server with one probe that wrote this, and that takes its time over deletions.
fn with_log(log: String, deletion: Duration) -> ScriptedApi {
    ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
        Some("POST") => Answer::json(JOB),
        Some("DELETE") => Answer::json(SUCCESS).late(deletion),
        _ if request.contains("watch=true") => Answer::running_probes(request),
        _ if request.contains("/log") => Answer::json(log.clone()),
        _ => Answer::json(NO_PODS),
    })
}

/// What a probe writes that got an answer with so many bytes.
fn log_of_a_body(length: usize) -> String {
    let body = BASE64_STANDARD.encode("x".repeat(length));
    let body = json!({"n": 1, "record": "body", "check": 0, "base64": body});
    let log = log_of_one_attempt().replace("\"n\":2", "\"n\":3").replace("\"n\":1", "\"n\":2");
    let (start, rest) = log.split_once('\n').expect("a start record");
    format!("{start}\n{body}\n{rest}")
}

#[test]
fn an_answer_does_not_wait_for_the_removal() {
    let slow = Duration::from_secs(3);
    let api = with_log(log_of_one_attempt(), slow);
    let command = api.pods(["check", "10.0.0.7:80", "--timeout", "1s"]);
    let mut child = command.spawn();
    let mut stdout = child.stdout.take().expect("stdout is piped");
    let (mut said, mut piece) = (String::new(), [0; 1024]);
    while !said.contains(" open ") {
        let length = stdout.read(&mut piece).expect("it can be read");
        assert_ne!(length, 0, "no answer: {said}");
        said.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
    let told = Instant::now();
    assert!(child.wait().expect("it ends").success());
    assert!(told.elapsed() > slow / 3, "it ended {:?} after its answer", told.elapsed());
}

#[test]
fn a_reader_who_reads_nothing_keeps_nothing_in_the_cluster() {
    // More than a pipe holds.
    let api = with_log(log_of_a_body(1 << 20), Duration::ZERO);
    let command = api.pods(["curl", "10.0.0.7"]);
    let mut child = command.spawn();
    wait_until("the Job to be deleted", Duration::from_mins(1), || {
        api.asked().iter().any(|request| request.starts_with("DELETE /apis/batch/v1/"))
    });
    thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("it can be asked").is_none(), "its answer is not read yet");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it can be signalled");
    // Not by `wait_with_output`, which reads.
    let mut status = None;
    wait_until("it to end", Duration::from_secs(20), || {
        status = child.try_wait().expect("it can be asked");
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(130));
}

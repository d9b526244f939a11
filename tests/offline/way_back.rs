//! What is between us and a probe that has done its work: proxies that hold answers back, logs that end early, kubelets that
//! cannot be asked.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::silence::{JOB, NO_PODS, SUCCESS, log_of_one_attempt};
use harness::{Answer, Run, ScriptedApi};

const CHECK: [&str; 6] = ["check", "10.0.0.7:80", "--timeout", "1s", "--start-timeout", "20s"];

/// An API server with one probe, of which `watch` and `list` tell until it is deleted.
fn with_probe(
    watch: impl Fn(&str) -> Answer + Send + Sync + 'static,
    list: impl Fn(&str) -> Answer + Send + Sync + 'static,
    log: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> ScriptedApi {
    let deleted = AtomicBool::new(false);
    ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
        Some("POST") => Answer::json(JOB),
        Some("DELETE") => {
            deleted.store(true, Ordering::Relaxed);
            Answer::json(SUCCESS)
        }
        _ if request.contains("watch=true") => watch(request),
        _ if request.contains("/log") => log(request),
        // Events have no label.
        _ if deleted.load(Ordering::Relaxed) || !request.contains("instance%3D") => {
            Answer::json(NO_PODS)
        }
        _ => list(request),
    })
}

#[track_caller]
fn is_open(run: &Run) {
    assert!(run.stdout.contains(" open "), "{}", run.story());
    assert!(run.took < Duration::from_secs(20), "{}", run.story());
}

#[test]
fn a_watch_that_says_nothing_is_replaced_by_lists() {
    let log = log_of_one_attempt();
    for watch in [Answer::never(), Answer::unfinished("")] {
        let log = log.clone();
        let api = with_probe(
            move |_| watch.clone(),
            |request| Answer::ended_probe(request, ""),
            // So that it is there when a watch is known to be mute.
            move |_| Answer::json(log.clone()).late(Duration::from_secs(1)),
        );
        let run = api.pods(CHECK).run().success();
        is_open(&run);
        let told = "Warning: a watch on pods says nothing";
        assert_eq!(run.stderr.matches(told).count(), 1, "{}", run.story());
    }
}

/// A watch that has nothing to say is no such watch.
#[test]
fn a_watch_is_left_alone_while_a_list_shows_no_more() {
    let log = log_of_one_attempt();
    let api = with_probe(
        Answer::running_probes,
        |_| Answer::json(NO_PODS),
        move |_| Answer::json(log.clone()).late(Duration::from_secs(5)),
    );
    let run = api.pods(CHECK).run().success();
    is_open(&run);
    assert_eq!(run.complaints(), [""; 0], "{}", run.story());
    assert_eq!(api.paths().iter().filter(|path| path.contains("watch=true")).count(), 1);
}

#[test]
fn a_log_that_ends_early_is_read_until_it_is_whole() {
    let (log, reads) = (log_of_one_attempt(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&reads);
    let api = with_probe(
        Answer::running_probes,
        |_| Answer::json(NO_PODS),
        move |_| {
            let begun = log.lines().next().map(|line| line.to_owned() + "\n").unwrap_or_default();
            let is_early = count.fetch_add(1, Ordering::Relaxed) < 6;
            Answer::json(if is_early { begun } else { log.clone() })
        },
    );
    let run = api.pods(CHECK).run().success();
    is_open(&run);
    assert_eq!(reads.load(Ordering::Relaxed), 7);
    let logs: Vec<String> = api.paths().into_iter().filter(|path| path.contains("/log?")).collect();
    let followed = logs.iter().filter(|path| path.contains("follow=true")).count();
    assert!(followed > 1 && followed < logs.len(), "with and without following: {logs:#?}");
}

fn packed(text: &str) -> String {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes()).expect("memory");
    BASE64_STANDARD.encode(packed.finish().expect("memory"))
}

#[test]
fn a_kubelet_that_cannot_be_asked_does_not_cost_the_result() {
    let refused = "Get \"https://10.0.0.1:10250/containerLogs/x\": dial tcp 10.0.0.1:10250: connect: connection refused";
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": refused, "code": 500});
    let status = status.to_string();
    let api = |message: String| {
        let status = status.clone();
        with_probe(
            |_| Answer::never(),
            move |request| Answer::ended_probe(request, &message),
            move |_| Answer::status(500, "Content-Type: application/json", &status),
        )
    };
    let run = api(packed(&log_of_one_attempt())).pods(CHECK).run().success();
    is_open(&run);
    run.complains("the result is from its status: Error from server: ").complains(refused);
    let run = api("Killed".to_owned()).pods(CHECK).run().exits(3);
    run.complains("its log cannot be read").complains(refused);
}

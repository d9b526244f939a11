//! Ctrl-C before anything is in a cluster: it ends at once, with the exit code that shells expect.

use std::{
    net::TcpListener,
    path::Path,
    process::Child,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use harness::{Answer, Command, Plugin, Run, ScriptedApi, wait_until};

/// How long it may take from the signal to the end.
const AT_ONCE: Duration = Duration::from_secs(5);
/// When a further signal counts: the user was told after 0.3 s what is going on, and had a second to read it.
const COUNTS: Duration = Duration::from_secs(2);

const NOT_FOUND: &str =
    r#"{"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}"#;
const TROUBLE: &str = r#"{"kind": "Status", "status": "Failure", "message": "etcdserver: leader changed", "code": 500}"#;
const SUCCESS: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Success"}"#;
const JOB: &str = r#"{"kind": "Job", "apiVersion": "batch/v1", "metadata": {}}"#;
const NO_PODS: &str = r#"{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}"#;

/// A server that takes a connection and never says anything. `connected` waits until somebody is there.
struct Silent(TcpListener);

impl Silent {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    fn address(&self) -> String {
        self.0.local_addr().expect("an address").to_string()
    }

    /// Interrupts the child once it is connected, and keeps the connection open meanwhile.
    fn interrupt(&self, command: &Command, child: Child) -> Run {
        let connection = self.0.accept().expect("a connection");
        // So that the request is out and the answer is what is being waited for.
        thread::sleep(Duration::from_millis(200));
        let run = interrupt(command, child);
        drop(connection);
        run
    }
}

/// Presses Ctrl-C.
#[track_caller]
fn signal(child: &mut Child) {
    assert!(child.try_wait().expect("it can be asked").is_none(), "it ended by itself");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it can be signalled");
}

#[track_caller]
fn interrupt(command: &Command, mut child: Child) -> Run {
    let begun = Instant::now();
    signal(&mut child);
    let output = child.wait_with_output().expect("it ends");
    let run = Run::new(command.line(), output, begun.elapsed());
    assert!(run.took < AT_ONCE, "{} after the signal\n{}", run.took.as_secs_f64(), run.story());
    run.exits(130).prints("")
}

#[test]
fn waiting_for_a_silent_api_server() {
    for words in [&[][..], &["check", "web"], &["curl", "web"], &["monitor", "status"]] {
        let server = Silent::start();
        let url = format!("http://{}", server.address());
        let command = Plugin::args(words.iter().copied()).args(["--server", &url]);
        let child = command.spawn();
        server.interrupt(&command, child);
    }
}

#[test]
fn a_check_whose_job_a_silent_api_server_was_asked_for() {
    asked_for_a_job(["check", "10.0.0.7:80"]);
}

#[test]
fn a_curl_whose_job_a_silent_api_server_was_asked_for() {
    asked_for_a_job(["curl", "10.0.0.7"]);
}

/// Whether a Job was created is not known then, so it is to be deleted, and nobody answers that either.
#[track_caller]
fn asked_for_a_job(words: [&str; 2]) {
    let server = Silent::start();
    let url = format!("http://{}", server.address());
    let command = Plugin::args(words).args(["--server", &url]);
    let mut patient = command.spawn();
    let mut hasty = command.spawn();
    let _connections = [(); 2].map(|()| server.0.accept().expect("a connection"));
    thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    signal(&mut patient);
    signal(&mut hasty);
    thread::sleep(COUNTS);
    interrupt(&command, hasty)
        .complains("cleaning up; press Ctrl-C again to leave the rest behind\n")
        .complains("may have been created; it could not be deleted and will end by itself");
    let output = patient.wait_with_output().expect("it ends");
    let run = Run::new(command.line(), output, begun.elapsed()).exits(130).prints("");
    assert!(run.stderr.ends_with("no answer within 5 s\n"), "{}", run.story());
    assert!(run.took < 4 * AT_ONCE, "{}", run.story());
}

/// A standing probe whose start is interrupted is removed again: not by an API server that has gone silent.
#[test]
fn an_installation_whose_api_server_goes_silent() {
    let none = Answer::status(404, "Content-Type: application/json", NOT_FOUND);
    let api = ScriptedApi::start([none.clone(), none, Answer::never()]);
    let command = api.pods(["monitor", "install", "10.0.0.7:80"]);
    let mut child = command.spawn();
    wait_until("the ConfigMap to be applied", Duration::from_mins(1), || api.asked().len() == 3);
    signal(&mut child);
    thread::sleep(COUNTS);
    interrupt(&command, child).complains(
        "may have been created; it could not be removed again (kubectl pods monitor uninstall removes it)",
    );
}

/// Every signal comes twice, as from `timeout`, make or a shell, and the server is slow to do what it was asked for.
#[test]
fn twice_at_once_is_once() {
    for words in [["check", "10.0.0.7:80"], ["curl", "10.0.0.7"]] {
        let api = ScriptedApi::choosing(|_, request| match request.split(' ').next() {
            Some("POST") => Answer::json(JOB).late(Duration::from_secs(1)),
            Some("DELETE") => Answer::json(SUCCESS),
            _ if request.contains("watch") => Answer::unfinished(""),
            _ => Answer::json(NO_PODS),
        });
        let command = api.pods(words);
        let mut child = command.spawn();
        let posted = || api.asked().iter().any(|request| request.starts_with("POST "));
        wait_until("the Job to be asked for", Duration::from_mins(1), posted);
        signal(&mut child);
        // Two in the very same moment may reach the process as one.
        thread::sleep(Duration::from_millis(3));
        interrupt(&command, child);
        let deleted = |request: &String| request.starts_with("DELETE /apis/batch/v1/");
        assert!(api.asked().iter().any(deleted), "{:#?}", api.asked());
    }
}

/// The Job controller was just making a pod when the Job was deleted.
#[test]
fn a_pod_that_comes_late_is_removed_too() {
    let deletions = AtomicUsize::new(0);
    let lists = AtomicUsize::new(0);
    let api = ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
        Some("POST") => Answer::json(JOB),
        Some("DELETE") => {
            let of_a_pod = usize::from(request.contains("/pods/"));
            deletions.fetch_add(of_a_pod, Ordering::SeqCst);
            Answer::json(SUCCESS)
        }
        _ if request.contains("watch") => Answer::unfinished(""),
        _ if lists.fetch_add(1, Ordering::SeqCst) == 0 => Answer::json(NO_PODS),
        _ if deletions.load(Ordering::SeqCst) == 0 => Answer::ended_probe(request, ""),
        _ => Answer::json(NO_PODS),
    });
    let command = api.pods(["check", "10.0.0.7:80"]);
    let child = command.spawn();
    let watched = || api.asked().iter().any(|request| request.contains("watch"));
    wait_until("the pods to be watched", Duration::from_mins(1), watched);
    interrupt(&command, child);
    let asked = api.asked();
    let pods =
        |request: &&String| request.starts_with("DELETE /api/v1/") && request.contains("-0-x");
    assert_eq!(asked.iter().filter(pods).count(), 1, "{asked:#?}");
}

/// The server has trouble of its own just when the Job is to be deleted.
#[test]
fn a_refused_deletion_is_repeated() {
    let deletions = AtomicUsize::new(0);
    let api = ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
        Some("POST") => Answer::json(JOB),
        Some("DELETE") if request.starts_with("DELETE /apis/batch/") => {
            match deletions.fetch_add(1, Ordering::SeqCst) {
                0 => Answer::status(500, "Content-Type: application/json", TROUBLE),
                1 => Answer::status(429, "Content-Type: application/json", TROUBLE),
                _ => Answer::json(SUCCESS),
            }
        }
        Some("DELETE") => Answer::json(SUCCESS),
        _ if request.contains("watch") => Answer::unfinished(""),
        _ => Answer::json(NO_PODS),
    });
    let command = api.pods(["check", "10.0.0.7:80"]);
    let child = command.spawn();
    let watched = || api.asked().iter().any(|request| request.contains("watch"));
    wait_until("the pods to be watched", Duration::from_mins(1), watched);
    let run = interrupt(&command, child);
    assert!(!run.stderr.contains("could not be deleted"), "{}", run.story());
    let deleted = |request: &&String| request.starts_with("DELETE /apis/batch/v1/");
    assert_eq!(api.asked().iter().filter(deleted).count(), 3, "{:#?}", api.asked());
}

/// The server makes the ConfigMap long after the signal.
#[test]
fn an_installation_whose_api_server_acts_late() {
    let delay = Duration::from_secs(4);
    let applied = Mutex::new(None::<Instant>);
    let api = ScriptedApi::choosing(move |_, request| {
        let mut applied = applied.lock().expect("nobody panics");
        match (request.split(' ').next(), request.contains("/configmaps/")) {
            (Some("PATCH"), _) => {
                *applied = Some(Instant::now());
                Answer::monitor_part("ConfigMap").late(delay)
            }
            (Some("DELETE"), _) => Answer::json(SUCCESS),
            (_, true) if applied.is_some_and(|applied| applied.elapsed() >= delay) => {
                Answer::monitor_part("ConfigMap")
            }
            _ if request.contains("/pods") => Answer::json(NO_PODS),
            _ => Answer::status(404, "Content-Type: application/json", NOT_FOUND),
        }
    });
    let command = api.pods(["monitor", "install", "10.0.0.7:80"]);
    let mut child = command.spawn();
    let asked = || api.asked().iter().any(|request| request.starts_with("PATCH "));
    wait_until("the ConfigMap to be applied", Duration::from_mins(1), asked);
    signal(&mut child);
    let output = child.wait_with_output().expect("it ends");
    let run = Run::new(command.line(), output, delay).exits(130).prints("");
    let deleted = |request: &String| {
        request.starts_with("DELETE ") && request.contains("/configmaps/kubectl-pods-monitor")
    };
    assert!(api.asked().iter().any(deleted), "{:#?}\n{}", api.asked(), run.story());
    assert!(!run.stderr.contains("could not be removed"), "{}", run.story());
}

/// Whoever is interrupted after the first deletion has deleted what the cluster's garbage collector follows.
#[test]
fn the_anchor_of_a_standing_probe_is_deleted_first() {
    let gone = Answer::status(404, "Content-Type: application/json", "{}");
    let api = ScriptedApi::start([
        Answer::monitor_part("ConfigMap"),
        Answer::monitor_part("DaemonSet"),
        gone,
    ]);
    let run = api.pods(["monitor", "uninstall", "-n", "shop"]).run();
    let asked = api.asked();
    let deletions: Vec<&str> = asked
        .iter()
        .filter_map(|request| request.strip_prefix("DELETE "))
        .filter_map(|request| request.split_whitespace().next())
        .collect();
    let paths = [
        "/api/v1/namespaces/shop/configmaps/kubectl-pods-monitor",
        "/apis/apps/v1/namespaces/shop/daemonsets/kubectl-pods-monitor",
    ];
    let deletions: Vec<&str> =
        deletions.iter().map(|path| path.split('?').next().unwrap_or_default()).collect();
    assert_eq!(deletions, paths, "{}", run.story());
}

#[test]
fn checking_a_stalled_server_from_here() {
    for verb in ["check", "curl"] {
        let server = Silent::start();
        let url = format!("http://{}/", server.address());
        let command = Plugin::args([verb, "--from-here", &url]);
        let child = command.spawn();
        server.interrupt(&command, child);
    }
}

#[test]
fn a_guest_in_an_endless_loop() {
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../wasm-guests/prebuilt/hostile.wasm")
        .display()
        .to_string();
    let api =
        ScriptedApi::start([Answer::pods(&[["web-0", "1/1", "Running", "0", "17m", "node1"]])]);
    // The limit for one call is 2 s: far enough away that it is not what ends it.
    let command = api.pods(["-o", &format!("guest:{hostile},do=loop,in=finish")]);
    let child = command.spawn();
    // The guest is loaded before anything is asked, and runs as soon as there is an answer.
    wait_until("the list to be asked for", Duration::from_mins(1), || !api.asked().is_empty());
    thread::sleep(Duration::from_millis(300));
    interrupt(&command, child);
}

//! Ctrl-C before anything is in a cluster: it ends at once, with the exit code that shells expect.

use std::{
    net::TcpListener,
    path::Path,
    process::Child,
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
    thread::sleep(Duration::from_millis(300));
    interrupt(&command, hasty).complains("could not be deleted and will end by itself");
    let output = patient.wait_with_output().expect("it ends");
    let run = Run::new(command.line(), output, begun.elapsed()).exits(130).prints("");
    assert!(run.stderr.ends_with("no answer within 5 s\n"), "{}", run.story());
    assert!(run.took < 4 * AT_ONCE, "{}", run.story());
}

/// A standing probe whose start is interrupted is removed again: not by an API server that has gone silent.
#[test]
fn an_installation_whose_api_server_goes_silent() {
    let none = r#"{"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}"#;
    let none = Answer::status(404, "Content-Type: application/json", none);
    let api = ScriptedApi::start([none.clone(), none, Answer::never()]);
    let command = api.pods(["monitor", "install", "10.0.0.7:80"]);
    let mut child = command.spawn();
    wait_until("the ConfigMap to be applied", Duration::from_mins(1), || api.asked().len() == 3);
    signal(&mut child);
    // What is under way has two seconds.
    wait_until("its removal", Duration::from_mins(1), || api.asked().len() == 4);
    interrupt(&command, child).complains("kubectl pods monitor uninstall removes it");
}

/// An object of a standing probe, as an API server gives it.
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

/// Whoever is interrupted after the first deletion has deleted what the cluster's garbage collector follows.
#[test]
fn the_anchor_of_a_standing_probe_is_deleted_first() {
    let gone = Answer::status(404, "Content-Type: application/json", "{}");
    let api = ScriptedApi::start([part("ConfigMap"), part("DaemonSet"), gone]);
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

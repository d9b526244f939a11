//! A stderr that nobody reads or that is full: what is said there is lost, and nothing else.

use std::{
    fs::File,
    process::{Child, Stdio},
};

use harness::{Answer, Command, Plugin, ScriptedApi};

/// Both kinds of a stderr that takes no byte.
fn kinds() -> [(&'static str, Stdio); 2] {
    let (reader, closed) = std::io::pipe().expect("a pipe");
    drop(reader);
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    [("closed", closed.into()), ("full", full.into())]
}

#[track_caller]
fn exits(command: &Command, code: i32) {
    for (kind, stderr) in kinds() {
        let child: Child = command.std().stderr(stderr).spawn().expect("it starts");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(code), "{kind}: {}", command.line());
        assert!(output.stdout.is_empty(), "{kind}: {}", command.line());
    }
}

#[test]
fn an_empty_list_is_no_failure() {
    let api = ScriptedApi::start([Answer::pods(&[])]);
    exits(&api.pods([]), 0);
}

#[test]
fn a_complaint_keeps_its_exit_code() {
    exits(&Plugin::args(["--bogus"]), 1);
    exits(&Plugin::args(["check", "10.0.0.7:80", "--kubeconfig", "nosuch"]), 1);
}

/// The server warns of the Job that it makes, and refuses the watch: so both are told while there is a Job.
#[test]
fn a_check_removes_its_job() {
    let refused = r#"{"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}"#;
    let api = ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
        Some("POST") => {
            Answer::json(r#"{"kind": "Job", "apiVersion": "batch/v1", "metadata": {}}"#)
                .header(r#"Warning: 299 - "would violate PodSecurity""#)
        }
        Some("DELETE") => Answer::json(r#"{"kind": "Status", "status": "Success"}"#),
        _ => Answer::status(403, "Content-Type: application/json", refused),
    });
    let command = api.pods(["check", "10.0.0.7:80"]);
    exits(&command, 1);
    let deleted = api.asked().iter().filter(|request| request.starts_with("DELETE ")).count();
    assert_eq!(deleted, 2, "one for each: {:#?}", api.asked());
}

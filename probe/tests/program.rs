//! The one-shot probe as a process: where the plan comes from, exit codes, trust.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pods_report::{NODE_VARIABLE, Observation, PLAN_VARIABLE, Plan, WIRE_VERSION};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::plans::{http, https, plan, read_log, tcp, within};
use crate::servers::server_on;
use crate::tls_servers::{https_server, self_signed};

fn probe() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-pods-probe"));
    command.env_remove(PLAN_VARIABLE).env_remove(NODE_VARIABLE).arg("run").stdin(Stdio::null());
    command
}

fn json(plan: &Plan) -> String {
    serde_json::to_string(plan).expect("JSON")
}

fn packed(plan: &Plan) -> String {
    probe::pack(plan).expect("packed")
}

fn output(command: &mut Command) -> Output {
    command.output().expect("the probe runs")
}

#[test]
fn a_plan_comes_from_the_environment_a_file_or_standard_input() {
    let plan = plan(vec![tcp("127.0.0.1", 1)]);
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("plan.json");
    fs::write(&file, json(&plan)).expect("written");
    let mut piped = probe();
    let mut child = piped
        .args(["--plan", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    child.stdin.take().expect("piped").write_all(json(&plan).as_bytes()).expect("read");
    let outputs = [
        output(probe().env(PLAN_VARIABLE, packed(&plan))),
        output(probe().arg("--plan").arg(&file)),
        child.wait_with_output().expect("ends"),
    ];
    for output in outputs {
        assert_eq!(output.status.code(), Some(0), "a refused target is a result");
        let log = read_log(&String::from_utf8(output.stdout).expect("UTF-8"));
        assert_eq!(log.attempts[0].observation, Observation::Refused);
    }
}

#[test]
fn what_cannot_be_carried_out_is_one_line_and_exit_code_1() {
    let other_version = Plan { version: WIRE_VERSION + 1, ..plan(vec![]) };
    let bad_check = plan(vec![within(tcp("127.0.0.1", 1), -1.0)]);
    let cases = [
        ("no plan", None, "no --plan, and no KUBECTL_PODS_PLAN in the environment"),
        ("no plan in it", Some("{}".to_owned()), "the plan in KUBECTL_PODS_PLAN is not valid"),
        ("another version", Some(packed(&other_version)), "use the probe image of the plugin"),
        ("a bad check", Some(packed(&bad_check)), "a time-out of -1 s"),
    ];
    for (name, plan, says) in cases {
        let output = output(probe().envs(plan.map(|plan| (PLAN_VARIABLE, plan))));
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{name}: {error}");
        assert!(
            error.starts_with("error: ") && error.lines().count() == 1 && error.contains(says),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_closed_standard_output_is_exit_code_1() {
    let plan = packed(&plan(vec![tcp("127.0.0.1", 1)]));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = probe().env(PLAN_VARIABLE, plan).stdout(writer).stderr(Stdio::null()).status();
    assert_eq!(status.expect("it runs").code(), Some(1));
}

#[test]
fn sigterm_ends_it_at_once_with_143() {
    let silent = server_on("127.0.0.1", |stream| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    });
    let plan = packed(&plan(vec![http(silent)]));
    let mut child =
        probe().env(PLAN_VARIABLE, plan).stdout(Stdio::piped()).spawn().expect("starts");
    let mut start = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut start).expect("a line");
    assert!(start.contains("\"start\""), "{start}");
    let begun = Instant::now();
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("a signal");
    assert_eq!(child.wait().expect("ends").code(), Some(143));
    // The server is silent for 20 s, the limit of the check is 4 s.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn roots_come_from_ssl_cert_file() {
    let [mine, others, misnamed] =
        ["127.0.0.1", "127.0.0.1", "web.shop"].map(|name| self_signed(&[name], |_| ()));
    let trusted = mine.pem() + &misnamed.pem();
    let [mine, others, misnamed] = [mine, others, misnamed].map(https_server);
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("roots.pem");
    fs::write(&file, trusted).expect("written");
    let plan =
        packed(&plan(vec![https(mine, false), https(others, false), https(misnamed, false)]));
    let output = output(probe().env("SSL_CERT_FILE", &file).env(PLAN_VARIABLE, plan));
    let attempts = read_log(&String::from_utf8(output.stdout).expect("UTF-8")).attempts;
    let seen = attempts.iter().map(|attempt| attempt.observation);
    let expected = [Observation::Open, Observation::TlsCertificate, Observation::TlsCertificate];
    assert_eq!(seen.collect::<Vec<_>>(), expected, "{attempts:#?}");
}

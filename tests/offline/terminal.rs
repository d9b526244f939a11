//! What is printed depends on the terminal: its width, and whether it is one.

use std::net::TcpListener;

use harness::{Answer, Plugin, ScriptedApi};

const PODS: [[&str; 6]; 1] = [["web-0", "1/1", "Running", "0", "17m", "node1"]];

/// A port of this machine where nobody listens.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

#[test]
fn a_report_fits_into_the_terminal() {
    let target = closed_port();
    let check = || Plugin::args(["check", "--from-here", "-o", "wide", &target]);
    let titles = |run: harness::Run| {
        let first = run.stdout.lines().next().unwrap_or_default().to_owned();
        first.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let all = "TARGET FROM ADDRESS VERDICT HELD CODE CONNECT RTT TOTAL MIN MAX TLS PROCESSING RETRANS CERT ADDRESSES MESSAGE";
    assert_eq!(titles(check().run_on_terminal(400).exits(2)), all);
    assert_eq!(titles(check().run().exits(2)), all, "what is no terminal has no width");
    let narrow = "TARGET FROM ADDRESS VERDICT HELD CODE TOTAL MESSAGE";
    assert_eq!(titles(check().run_on_terminal(60).exits(2)), narrow);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let target = closed_port();
    let check = || Plugin::args(["check", "--from-here", "--no-headers", &target]);
    let red = "\u{1b}[31mrefused\u{1b}[0m";
    assert!(check().run_on_terminal(100).exits(2).stdout.contains(red));
    let plain = [check().env("NO_COLOR", "1").run_on_terminal(100), check().run()];
    for run in plain {
        assert!(
            run.stdout.contains("refused") && !run.stdout.contains('\u{1b}'),
            "{}",
            run.story()
        );
    }
}

#[test]
fn a_guest_is_told_the_width() {
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/../wasm-guests/prebuilt/hostile.wasm");
    let output = format!("guest:{guest},do=width,in=finish");
    let list = || {
        let api = ScriptedApi::start([Answer::pods(&PODS)]);
        (api.pods(["-o", &output, "--no-headers"]), api)
    };
    let (command, _api) = list();
    command.run_on_terminal(77).success().prints("web-0\nSome(77)\n");
    let (command, _api) = list();
    command.run().success().prints("web-0\nNone\n");
}

#[test]
fn titles_carry_nothing_to_the_terminal() {
    let table = "{\"kind\": \"Table\", \"columnDefinitions\": [{\"name\": \"Na\u{9b}31m\u{202e}me\\u0007\", \"type\": \"string\", \"format\": \"name\"}], \"rows\": [{\"cells\": [\"web\"]}]}";
    let api = ScriptedApi::start([Answer::json(table)]);
    let run = api.pods([""; 0]).run_on_terminal(80).success();
    assert!(!run.stdout.contains(['\u{9b}', '\u{202e}', '\u{7}']), "{:?}", run.stdout);
}

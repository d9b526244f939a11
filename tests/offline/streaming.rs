//! An answer that is still on its way.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use harness::{Plugin, Run};

/// So many names fill what we buffer of our output, 64 KiB, several times.
const HEAD: usize = 20_000;
/// Those that come when the others were seen.
const REST: usize = 5;

/// Sends the head of a Table; when `seen` says so, the rest.
fn answer(mut stream: TcpStream, seen: &mpsc::Receiver<()>) {
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    while reader.read_line(&mut request).is_ok_and(|length| length > 2) {}
    let row = |index| format!(r#"{{"cells": ["web-{index}"]}}"#);
    let rows = |from, to| (from..to).map(row).collect::<Vec<_>>().join(",");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let table = r#"{"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
        "columnDefinitions": [{"name": "Name", "type": "string", "format": "name", "priority": 0}],
        "rows": ["#;
    stream.write_all((head.to_owned() + table + &rows(0, HEAD)).as_bytes()).expect("it is taken");
    if seen.recv().is_ok() {
        let rest = format!(",{}]}}", rows(HEAD, HEAD + REST));
        stream.write_all(rest.as_bytes()).expect("it is taken");
    }
}

#[test]
fn names_are_printed_while_the_answer_is_still_coming() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let (tell, seen) = mpsc::channel();
    let server = thread::spawn(move || answer(listener.accept().expect("a connection").0, &seen));
    let command = Plugin::args(["-s", &address, "-o", "name"]);
    let mut child = command.spawn();
    let mut stdout = child.stdout.take().expect("piped");
    let (first, names) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut piece = [0; 16];
        stdout.read_exact(&mut piece).expect("names");
        first.send(piece).expect("somebody waits");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("names");
        rest
    });
    let piece = names.recv_timeout(Duration::from_secs(20));
    // The answer ends now, whatever was seen of it.
    tell.send(()).expect("the server waits");
    let rest = reader.join().expect("the reader does not panic");
    let run = Run::new(command.line(), child.wait_with_output().expect("it ends"), Duration::ZERO)
        .success();
    assert_eq!(run.stderr, "");
    server.join().expect("the server does not panic");
    let piece = piece.expect("names before the answer ends");
    let all = String::from_utf8_lossy(&piece).into_owned() + &rest;
    let expected: Vec<String> = (0..HEAD + REST).map(|index| format!("pod/web-{index}")).collect();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines == expected, "{} lines instead of {}", lines.len(), expected.len());
}

//! The same for answers that are none, or not quite: bytes for both, and what comes of them.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener},
    process::Stdio,
    thread,
    time::Duration,
};

use harness::{Command, Plugin, Run};

use super::{read, same, same_verbose, server};

/// Says the same to whoever asks, and lets him close first.
fn saying(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            read(&mut stream);
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    address
}

/// Statuses, sizes and counts, after whatever the answer was.
const WRITTEN: &str =
    "|%{http_code} %{exitcode} %{errormsg} %{size_header} %{num_headers} %{size_download}|";

#[track_caller]
fn same_for(answer: impl Into<Vec<u8>>) {
    let url = format!("http://{}/", saying(answer));
    same(&[&url]);
    same(&[&url, "-i", "-w", WRITTEN]);
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const LENGTH: &str = "Content-Length: 2\r\n\r\nok";

#[test]
fn first_lines_are_judged_as_by_curl() {
    for line in [
        "HTTP/1.1 20x",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 abc",
        "HTTP/1.1\t200 OK",
        "HTTP/1.2 200 OK",
        "HTTP/3.7 200 OK",
        "HTTP/3 200 OK",
        "HTTP/9 200 OK",
        "HTTP 200 OK",
        "HTTP/1.1 999 OK",
        "HTTP/1.1 200",
        "HTTP/1.0 200 Very well",
    ] {
        same_for(format!("{line}\r\n{LENGTH}"));
    }
    for answer in ["a page of HTTP 0.9\n", "a page", "HTT", "HTTP/", "HTTP/1.1 200 OK"] {
        same_for(answer);
    }
}

#[test]
fn lines_of_heads_are_judged_as_by_curl() {
    for line in [
        "garbage",
        "A: b\r\ngarbage",
        "A: b\0c",
        ": a value without a name",
        "Bad Name: value",
        "Name : value",
        "A: b\r\n  c: d",
        "A:b\r\nC:  d  ",
        "Content-Length: -5",
        "Content-Length: many",
        "Content-Length:",
        "Content-Length: 2",
    ] {
        same_for(format!("{OK}{line}\r\n{LENGTH}"));
    }
    same_for([OK.as_bytes(), b"A: \xe9\r\n", LENGTH.as_bytes()].concat());
    same_for("HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nok");
    let many = "A: b\r\n".repeat(300);
    same_for(format!("{OK}{many}{LENGTH}"));
    same_for(format!("{OK}A: {}\r\n{LENGTH}", "b".repeat(90_000)));
}

#[test]
fn heads_that_are_not_whole_are_taken_as_by_curl() {
    let hint = "HTTP/1.1 100 Continue\r\n\r\n";
    for answer in [
        OK.to_owned(),
        "HTTP/1.1 404 No\r\n".to_owned(),
        format!("{OK}Server: a\r\n"),
        format!("{OK}Server: a"),
        format!("{OK}Content-Length: 5\r\n"),
        format!("{OK}Transfer-Encoding: chunked\r\n"),
        format!("{OK}\r\n"),
        hint.to_owned(),
        format!("{hint}HTTP/1.1 20"),
        format!("{hint}garbage\r\n"),
        format!("{hint}HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{OK}{LENGTH}"),
    ] {
        same_for(answer);
    }
}

#[test]
fn heads_without_an_end_are_given_up_as_by_curl() {
    same_for("HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000));
    same_for(OK.to_owned() + &format!("A: {}\r\n", "b".repeat(1000)).repeat(500));
    same_for(format!("{OK}A: {}", "b".repeat(500_000)));
}

#[test]
fn chunks_are_judged_as_by_curl() {
    let chunked = format!("{OK}Transfer-Encoding: chunked\r\n\r\n");
    for body in [
        "zz\r\n",
        "-2\r\nok\r\n",
        "\r\nok\r\n",
        "2\r\nok\r\n",
        "2\r\nok\r\n0\r\n",
        "2;a=b\r\nok\r\n0\r\n\r\n",
        "2\r\nok\r\n0\r\nX-Sum: 1\r\nY-b:2\r\n\r\n",
    ] {
        same_for(format!("{chunked}{body}"));
    }
    // curl counts what came in the same piece as the flaw for nothing.
    for body in ["2\r\nokay\r\n0\r\n\r\n", "ffffffffffffffffff\r\nok\r\n", "2\r\nok\r\nzz\r\n"] {
        same(&[&format!("http://{}/", saying(format!("{chunked}{body}"))), "-i"]);
    }
    for answer in
        ["HTTP/1.1 204 No Content\r\n\r\nbody", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n"]
    {
        same_for(answer);
    }
}

#[test]
fn informational_heads_are_shown_as_by_curl() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(2);
    let answer = format!("{hints}{OK}Connection: close\r\n{LENGTH}");
    same_verbose(&[&format!("http://{}/", saying(answer))], |line| Some(line.to_owned()));
}

/// curl would follow them until the time is over.
#[test]
fn redirects_without_an_end_have_one() {
    let url = format!("http://{}/loop", server());
    let run = Plugin::args(["curl", "--from-here", &url, "-L", "--max-redirs", "-1"]).run();
    run.exits(47).complains("curl: (47) Maximum (1000) redirects followed");
}

/// Runs both with this stdout.
fn into(url: &str, stdout: impl Fn() -> Stdio) -> [Run; 2] {
    let words = [url, "-s", "-S"];
    let ours = Plugin::args(["curl", "--from-here", url, "--", "-s", "-S"]);
    let curls = Command::new("/usr/bin/curl").args(words);
    [&ours, &curls].map(|command| {
        let mut program = command.std();
        program.stdin(Stdio::null()).stdout(stdout()).stderr(Stdio::piped());
        let output = program.spawn().expect("it starts").wait_with_output().expect("it ends");
        Run::new(command.line(), output, Duration::ZERO)
    })
}

/// curl says it in other words where nothing but what it held back is left to write.
#[test]
fn an_answer_that_cannot_be_written_is_told_as_by_curl() {
    let full = || File::options().write(true).open("/dev/full").expect("Linux has it").into();
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer.into()
    };
    for length in [10, 4_000, 1_000_000] {
        let body = "a".repeat(length);
        let address = saying(format!("{OK}Content-Length: {length}\r\n\r\n{body}"));
        let url = format!("http://{address}/");
        for (stdout, code) in [(&full as &dyn Fn() -> Stdio, 23), (&closed, 23), (&Stdio::null, 0)]
        {
            let [ours, curls] = into(&url, stdout);
            let story = format!("{}{}", ours.story(), curls.story());
            assert_eq!((ours.code, curls.code), (code, code), "{story}");
            assert!(ours.stderr.starts_with(&curls.stderr), "{story}");
        }
    }
}

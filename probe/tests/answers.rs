//! What the probe makes of answers, good and bad.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kubectl_pods_report::{Check, Verdict};

use crate::plans::{asking, attempt, http, plan, quick, run, tcp, with};
use crate::servers::{
    closed_port, page, pausing_in_the_body, read_request, resetting, saying, server, server_on,
    silent,
};

/// Name, what is checked, its verdict, and what the sentence for people must say.
type Case = (&'static str, Check, Verdict, &'static str);

async fn judge<const N: usize>(cases: [Case; N]) {
    let outcome = run(&plan(cases.iter().map(|(_, check, ..)| check.clone()).collect())).await;
    assert_eq!(outcome.attempts.len(), N);
    for ((name, _, verdict, says), attempt) in cases.iter().zip(&outcome.attempts) {
        assert_eq!(attempt.verdict, *verdict, "{name}: {attempt:#?}");
        assert!(attempt.message.contains(says), "{name}: {}", attempt.message);
        assert!(!attempt.message.contains(char::is_control), "{name}: {:?}", attempt.message);
    }
}

#[tokio::test]
async fn who_does_not_answer() {
    let (at_once, later) = ("without an answer", "the peer closed without an answer");
    let broke_off = "the peer broke off";
    let silence = "then silence until the time-out after 0.5 s";
    judge([
        ("nobody listens", http(closed_port()), Verdict::Refused, "a reset"),
        ("closed at once", http(server(drop)), Verdict::EmptyReply, at_once),
        ("closed after the request", http(saying("")), Verdict::EmptyReply, later),
        ("reset after the request", http(resetting()), Verdict::EmptyReply, broke_off),
        ("silence", quick(http(silent())), Verdict::Stalled, silence),
    ])
    .await;
}

#[tokio::test]
async fn who_answers_badly() {
    let head = http(saying("HTTP/1.1 200 OK\r\nServer: a"));
    let body = http(saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nIt w"));
    let pause = quick(http(pausing_in_the_body()));
    let ssh = http(saying("SSH-2.0-OpenSSH_9.2\r\n"));
    judge([
        ("end in the head", head, Verdict::EmptyReply, "without an answer"),
        ("end in the body", body, Verdict::BodyMismatch, "after 4 bytes"),
        ("silence in the body", pause, Verdict::Stalled, "10 body bytes"),
        ("not HTTP", ssh, Verdict::WrongPeer, "does not speak HTTP/1"),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_is_held_against_what_is_expected() {
    let good = saying(page("200 OK", "It works!"));
    let unavailable = saying(page("503 Service Unavailable", "later"));
    let moved = http(saying(page("302 Found", "")));
    let statuses = |peer, from, to| with(http(peer), |c| c.expect.statuses = vec![(from, to)]);
    let text = |text: &str| with(http(good), |c| c.expect.body_contains = Some(text.into()));
    let for_curl = asking(http(unavailable), |http| http.return_body = true);
    judge([
        ("a page", http(good), Verdict::Open, "HTTP status 200"),
        ("only TCP", tcp("127.0.0.1", good.port()), Verdict::Open, "connected"),
        ("redirects are answers", moved, Verdict::Open, "HTTP status 302"),
        ("bad status", http(unavailable), Verdict::HttpStatus, "HTTP status 503"),
        ("bad, but expected", statuses(unavailable, 500, 599), Verdict::Open, "503"),
        ("good, but not expected", statuses(good, 204, 204), Verdict::HttpStatus, "200"),
        ("text", text("works"), Verdict::Open, "200"),
        ("other text", text("nginx"), Verdict::BodyMismatch, "9 bytes"),
        ("bad status for curl", for_curl, Verdict::Open, "503"),
    ])
    .await;
}

#[tokio::test]
async fn phases_are_lengths_and_only_of_what_was_completed() {
    let slow = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(150));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na").expect("writes");
        thread::sleep(Duration::from_millis(250));
        stream.write_all(b"b").expect("writes");
    });
    let seen = attempt(http(slow)).await;
    let between =
        |value: Option<f64>, low, high| value.is_some_and(|value| (low..high).contains(&value));
    assert_eq!(seen.phases.resolve_seconds, None, "an address needs no resolver");
    assert!(between(seen.phases.connect_seconds, 0.0, 0.1), "{seen:#?}");
    assert!(between(seen.phases.processing_seconds, 0.15, 0.24), "{seen:#?}");
    assert!(between(seen.phases.transfer_seconds, 0.25, 0.34), "{seen:#?}");
    assert!(seen.total_seconds >= 0.4 && seen.body_bytes == 2, "{seen:#?}");
    let rtt = seen.evidence.tcp_info.expect("TCP_INFO").rtt_seconds;
    assert!(rtt > 0.0 && rtt < 0.01, "the pauses of the server are not the network's: {rtt}");

    let stalled = attempt(quick(http(pausing_in_the_body()))).await;
    assert!(
        stalled.phases.processing_seconds.is_some() && stalled.phases.transfer_seconds.is_none(),
        "{stalled:#?}"
    );
    assert_eq!(attempt(http(closed_port())).await.phases.connect_seconds, None);
}

#[tokio::test]
async fn ipv6_and_what_the_server_is_told() {
    let seen = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&seen);
    let address = server_on("::1", move |mut stream| {
        *heard.lock().expect("not poisoned") = read_request(&mut stream);
        stream.write_all(&page("200 OK", "")).expect("writes");
    });
    let check = asking(http(address), |http| {
        http.method = "POST".into();
        http.path = "/orders?id=7".into();
        http.headers = vec![("X-Team".into(), "shop".into())];
        http.body = Some("hello".into());
    });
    assert_eq!(attempt(check).await.verdict, Verdict::Open);
    let request = seen.lock().expect("not poisoned").clone();
    let port = address.port();
    assert!(request.starts_with("POST /orders?id=7 HTTP/1.1\r\n"), "{request}");
    for line in [
        &format!("Host: [::1]:{port}"),
        "X-Team: shop",
        "Accept: */*",
        "User-Agent: kubectl-pods-probe/",
    ] {
        assert!(request.contains(&format!("\r\n{line}")), "{line} in {request}");
    }
    assert!(request.ends_with("\r\n\r\nhello"), "{request}");
}

//! What the probe makes of answers, good and bad.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kubectl_pods_report::{Check, Expectation, Judgement, Observation, Payload, Phase, Verdict};

use crate::plans::{asking, attempt, expecting, http, plan, quick, run, tcp};
use crate::servers::{
    closed_port, page, pausing_in_the_body, read_request, resetting, saying, server, server_on,
    silent,
};

/// Name, what is checked, what is seen, and what the sentence for people must say.
type Case = (&'static str, Check, Observation, &'static str);

async fn observe<const N: usize>(cases: [Case; N]) {
    let outcome = run(&plan(cases.iter().map(|(_, check, ..)| check.clone()).collect())).await;
    assert_eq!(outcome.attempts.len(), N);
    for ((name, _, observation, says), attempt) in cases.iter().zip(&outcome.attempts) {
        assert_eq!(attempt.observation, *observation, "{name}: {attempt:#?}");
        assert!(attempt.message.contains(says), "{name}: {}", attempt.message);
        assert!(!attempt.message.contains(char::is_control), "{name}: {:?}", attempt.message);
    }
}

#[tokio::test]
async fn who_does_not_answer() {
    let (at_once, later) = ("without an answer", "the peer closed without an answer");
    let broke_off = "the peer broke off";
    let silence = "then silence until the time-out after 0.5 s";
    observe([
        ("nobody listens", http(closed_port()), Observation::Refused, "a reset"),
        ("closed at once", http(server(drop)), Observation::EmptyReply, at_once),
        ("closed after the request", http(saying("")), Observation::EmptyReply, later),
        ("reset after the request", http(resetting()), Observation::EmptyReply, broke_off),
        ("silence", quick(http(silent())), Observation::Stalled, silence),
    ])
    .await;
}

#[tokio::test]
async fn who_answers_badly() {
    let head = http(saying("HTTP/1.1 200 OK\r\nServer: a"));
    let body = http(saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nIt w"));
    let chunked =
        |body| http(saying(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}")));
    let (chunk, in_chunk) = (chunked("many\r\n"), chunked("5\r\nIt"));
    let pause = quick(http(pausing_in_the_body()));
    let ssh = http(saying("SSH-2.0-OpenSSH_9.2\r\n"));
    observe([
        (
            "end in the head",
            head,
            Observation::CutShort,
            "in the middle of the head of its answer, after 26 bytes",
        ),
        (
            "no colon",
            http(saying("HTTP/1.1 200 OK\r\ngarbage\r\n\r\n")),
            Observation::NotHttp,
            "has no colon: \"garbage\"",
        ),
        (
            "NUL",
            http(saying("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n")),
            Observation::NotHttp,
            "NUL byte in the head of the answer: \"A: \\x00\"",
        ),
        (
            "length",
            http(saying("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")),
            Observation::NotHttp,
            "is no number: \"Content-Length: -5\"",
        ),
        ("end in the body", body, Observation::CutShort, "after 4 bytes"),
        ("silence in the body", pause, Observation::Stalled, "10 body bytes"),
        ("no size of a chunk", chunk, Observation::NotHttp, "make no sense after 0 bytes"),
        ("end in a chunk", in_chunk, Observation::CutShort, "after 2 bytes"),
        ("not HTTP", ssh, Observation::NotHttp, "does not speak HTTP/1"),
    ])
    .await;
}

#[tokio::test]
async fn every_answer_is_open_and_is_held_against_what_is_expected() {
    let good = saying(page("200 OK", "It works!"));
    let unavailable = saying(page("503 Service Unavailable", "later"));
    let moved = http(saying(page("302 Found", "")));
    let status =
        |peer, low, high| expecting(http(peer), Expectation::Status { ranges: vec![(low, high)] });
    let text = |text: &str| {
        let check = asking(http(good), |request| request.find = vec![text.into()]);
        expecting(check, Expectation::Body { contains: text.into() })
    };
    let cases = [
        ("a page", http(good), "open", "HTTP status 200"),
        ("only TCP", tcp("127.0.0.1", good.port()), "open", "connected"),
        ("redirects are answers", moved, "open", "HTTP status 302"),
        ("any status is an answer", http(unavailable), "open", "HTTP status 503"),
        ("bad status", status(unavailable, 200, 399), "http-status", "HTTP status 503 is not"),
        ("bad, but expected", status(unavailable, 500, 599), "open", "503"),
        ("good, but not expected", status(good, 204, 204), "http-status", "200"),
        ("text", text("works"), "open", "200"),
        ("other text", text("nginx"), "body-mismatch", "9 bytes"),
        ("not denied", expecting(http(good), Expectation::Denied), "open", "was to be denied"),
    ];
    let outcome = run(&plan(cases.iter().map(|(_, check, ..)| check.clone()).collect())).await;
    for ((name, check, verdict, says), attempt) in cases.iter().zip(&outcome.attempts) {
        assert_eq!(attempt.observation, Observation::Open, "{name}: {attempt:#?}");
        assert_eq!(attempt.verdict.as_str(), *verdict, "{name}: {attempt:#?}");
        let denied = check.expect == [Expectation::Denied];
        let held = *verdict == "open" && !denied;
        let judgement = if held { Judgement::Held } else { Judgement::Failed };
        assert_eq!(attempt.judgement, judgement, "{name}: {attempt:#?}");
        assert!(attempt.message.contains(says), "{name}: {}", attempt.message);
    }
}

#[tokio::test]
async fn a_text_is_not_missed_in_what_was_not_read() {
    let long = saying(page("200 OK", &("x".repeat(1000) + "works")));
    let check = asking(http(long), |request| {
        (request.find, request.max_body_bytes) = (vec!["works".into()], Some(100));
    });
    let seen = attempt(expecting(check, Expectation::Body { contains: "works".into() })).await;
    assert_eq!(seen.judgement, Judgement::Unknown, "{seen:#?}");
    assert!(seen.message.contains("in the first 100 bytes"), "{}", seen.message);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_slow_and_still_a_latency() {
    let slow = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(300));
        let _ = stream.write_all(&page("200 OK", ""));
    });
    let at_most =
        |of, at_most_seconds| expecting(http(slow), Expectation::Latency { of, at_most_seconds });
    let seen = attempt(at_most(Phase::Processing, 0.1)).await;
    assert_eq!((seen.judgement, seen.verdict), (Judgement::Failed, Verdict::Slow), "{seen:#?}");
    assert!(seen.has_latency() && seen.message.starts_with("processing took 0."), "{seen:#?}");
    let seen = attempt(at_most(Phase::Processing, 30.0)).await;
    assert_eq!(seen.judgement, Judgement::Held, "{seen:#?}");
}

#[tokio::test]
async fn phases_are_lengths_and_only_of_what_was_completed() {
    let slow = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(300));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na").expect("writes");
        thread::sleep(Duration::from_millis(900));
        stream.write_all(b"b").expect("writes");
    });
    let seen = attempt(http(slow)).await;
    let [connect, processing, transfer] =
        [seen.phases.connect_seconds, seen.phases.processing_seconds, seen.phases.transfer_seconds]
            .map(|seconds| seconds.expect("completed"));
    assert_eq!(seen.phases.resolve_seconds, None, "an address needs no resolver");
    assert!(processing >= 0.3 && transfer >= 0.9, "each has its pause: {seen:#?}");
    let sum = connect + processing + transfer;
    assert!(sum <= seen.total_seconds, "none holds another's pause as well: {seen:#?}");
    assert_eq!(seen.http().map(|http| http.body_bytes), Some(2), "{seen:#?}");
    let rtt = seen.rtt_seconds().expect("a handshake");
    assert!(rtt < processing / 2.0, "the pauses of the server are not the network's: {rtt}");

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
        http.body = Some(Box::new(Payload::text("hello")));
    });
    assert_eq!(attempt(check).await.observation, Observation::Open);
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

//! Peers that send without end what leads to no answer. Each ends in plain words within its limits, and others are not held up.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use kubectl_pods_report::{Ask, Check, HttpFault, Observation};

use crate::plans::{attempt, http, https, plan, run, tcp, within};
use crate::servers::{page, read_request, saying, server, silent};

/// A server that says `begin`, and then `again` for as long as anybody takes it.
fn flooding(begin: &'static str, again: &'static str) -> SocketAddr {
    let piece = again.repeat(1 + 16 * 1024 / again.len());
    server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(begin.as_bytes());
        while stream.write_all(piece.as_bytes()).is_ok() {}
    })
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_peer_that_never_comes_to_an_end_holds_up_nobody_else() {
    let trailing = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n";
    let extended = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;";
    let (no_end, senseless) = ("the head of the answer did not end within ", "make no sense after");
    let status = "HTTP/1.1 200 OK\r\n";
    let floods = [
        ("HTTP/1.1 100 Continue\r\n\r\n", "", Observation::NotHttp, "informational answers (HTTP"),
        ("A: b\r\n", status, Observation::NotHttp, "has more than 1000 fields"),
        ("a", "HTTP/1.1 200 OK\r\nA: ", Observation::NotHttp, no_end),
        ("a", "HTTP/1.1 200 ", Observation::NotHttp, no_end),
        ("A: b\r\n", trailing, Observation::NotHttp, senseless),
        ("a", trailing, Observation::NotHttp, senseless),
        ("a", extended, Observation::NotHttp, senseless),
        ("1\r\na\r\n", CHUNKED, Observation::Stalled, "did not end within 2.0 s"),
        ("a", "HTTP/1.1 200 OK\r\n\r\n", Observation::Stalled, "did not end within 2.0 s"),
    ];
    let good = saying(page("200 OK", "It works!"));
    let checks = floods.iter().flat_map(|(again, begin, ..)| {
        [within(http(flooding(begin, again)), 2.0), within(http(good), 2.0)]
    });
    let checks = checks.chain([within(http(silent()), 2.0)]);
    let mut attempts = run(&plan(checks.collect())).await.attempts;
    let unheard = attempts.pop().expect("the last one");
    assert_eq!(unheard.observation, Observation::Stalled, "not starved: {unheard:#?}");
    for (pair, (again, begin, observation, says)) in attempts.chunks(2).zip(floods) {
        let [seen, other] = pair else { panic!("two for each flood: {pair:#?}") };
        let name = format!("{begin:?}, then {again:?}");
        assert_eq!(seen.observation, observation, "{name}: {seen:#?}");
        assert!(seen.message.contains(says), "{name}: {}", seen.message);
        assert!(seen.total_seconds < 4.0, "{name}: {seen:#?}");
        assert_eq!(other.observation, Observation::Open, "{name}: {other:#?}");
    }
}

#[tokio::test]
async fn informational_answers_are_counted() {
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let many = saying(hint.repeat(100) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(attempt(http(many)).await.observation, Observation::Open);

    let none_else = attempt(http(saying(hint.repeat(3)))).await;
    assert_eq!(none_else.observation, Observation::CutShort, "{none_else:#?}");
    let says = "after 3 informational answers (HTTP status 100 to 199), without another";
    assert!(none_else.message.contains(says), "{}", none_else.message);

    let endless = attempt(http(flooding("", hint))).await;
    assert_eq!(endless.details.http_fault, Some(HttpFault::HeadTooLarge), "{endless:#?}");
    let says = "more than ";
    let count = endless.message.strip_prefix(says).and_then(|rest| rest.split_once(' '));
    let (count, _) = count.unwrap_or_else(|| panic!("{}", endless.message));
    let count: usize = count.parse().expect("a number");
    assert!((1000..3000).contains(&count), "{}", endless.message);
}

#[tokio::test]
async fn an_answer_that_drips_is_not_silence() {
    let dripping = server(|mut stream| {
        read_request(&mut stream);
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let half = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nServer");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    for (address, says) in [
        (
            dripping,
            " informational answers (HTTP status 100 to 199) came, and no other within 1.0 s",
        ),
        (
            half,
            r#"an answer began ("HTTP/1.1 200 OK\r\nServer"), and its head did not end within 1.0 s"#,
        ),
    ] {
        let seen = attempt(within(http(address), 1.0)).await;
        assert_eq!(seen.observation, Observation::Stalled, "{seen:#?}");
        assert!(seen.message.contains(says), "{}", seen.message);
    }
}

/// Records that a TLS handshake may have among others, each without a meaning: a warning (RFC 8446, section 6), a change of the
/// cipher (section 5), an empty piece of a message (section 5.1).
#[tokio::test]
async fn a_handshake_that_is_only_put_off_fails() {
    let records: [&[u8]; 3] =
        [b"\x15\x03\x03\0\x02\x01\x5a", b"\x14\x03\x03\0\x01\x01", b"\x16\x03\x03\0\0"];
    for record in records {
        let address = server(move |mut stream| {
            let piece = record.repeat(1000);
            while stream.write_all(&piece).is_ok() {}
        });
        let good = saying(page("200 OK", "It works!"));
        let checks = vec![within(https(address, true), 2.0), within(http(good), 2.0)];
        let attempts = run(&plan(checks)).await.attempts;
        assert_eq!(attempts[0].observation, Observation::TlsHandshake, "{record:?}: {attempts:#?}");
        assert!(attempts[0].total_seconds < 2.0, "{record:?}: {attempts:#?}");
        assert_eq!(attempts[1].observation, Observation::Open, "{attempts:#?}");
    }
}

const PREFACE: usize = 24;
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0ping....";

fn grpc(address: SocketAddr) -> Check {
    let ask = Ask::Grpc { port: address.port(), service: String::new() };
    within(Check { ask, ..tcp("127.0.0.1", address.port()) }, 2.0)
}

/// A server of HTTP/2 that says `begin`, and then `again` without end, so often as `pause` lets it.
fn framing(begin: &'static [u8], again: &'static [u8], pause: Duration) -> SocketAddr {
    server(move |mut stream| {
        let _ = stream.read_exact(&mut [0; PREFACE]);
        let _ = stream.write_all(begin);
        let piece = if pause.is_zero() { again.repeat(1000) } else { again.to_vec() };
        while !piece.is_empty() && stream.write_all(&piece).is_ok() {
            std::thread::sleep(pause);
        }
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

#[tokio::test]
async fn a_server_of_grpc_that_never_answers_is_told_by_what_it_sends() {
    let at_once = Duration::ZERO;
    let calm = b"\0\0\0\x04\0\0\0\0\0\0\0\x16\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0btoo_many_pings";
    let refused = b"\0\0\0\x04\0\0\0\0\0\0\0\x04\x03\0\0\0\0\x01\0\0\0\x07";
    let cases = [
        (
            framing(SETTINGS, PING, at_once),
            Observation::NotServing,
            " PING), and no answer to the call",
        ),
        (
            framing(SETTINGS, SETTINGS, at_once),
            Observation::NotServing,
            " SETTINGS), and no answer",
        ),
        (
            framing(SETTINGS, PING, Duration::from_millis(100)),
            Observation::Stalled,
            " PING), and no answer to the call within 2.0 s",
        ),
        (
            framing(calm, b"", at_once),
            Observation::NotServing,
            "the server ended the connection before an answer: GOAWAY, ENHANCE_YOUR_CALM, \"too_many_pings\"",
        ),
        (
            framing(refused, b"", at_once),
            Observation::NotServing,
            "the server refused the call: RST_STREAM, REFUSED_STREAM",
        ),
    ];
    let checks = cases.iter().map(|(address, ..)| grpc(*address)).collect();
    for (seen, (_, observation, says)) in run(&plan(checks)).await.attempts.iter().zip(&cases) {
        assert_eq!(seen.observation, *observation, "{says}: {seen:#?}");
        assert!(seen.message.contains(says), "{}", seen.message);
    }
}

/// It has read nothing, so that its end is a reset: what it said before counts all the same.
#[tokio::test]
async fn who_refuses_at_once_is_heard() {
    let goaway = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b";
    let unavailable = page("503 Service Unavailable", "full");
    for _ in 0..20 {
        let calm = server(move |mut stream| drop(stream.write_all(goaway)));
        let seen = attempt(grpc(calm)).await;
        assert_eq!(seen.observation, Observation::NotServing, "{seen:#?}");
        let unavailable = unavailable.clone();
        let full = server(move |mut stream| drop(stream.write_all(&unavailable)));
        let seen = attempt(http(full)).await;
        assert_eq!(seen.http().map(|http| http.status), Some(503), "{seen:#?}");
    }
}

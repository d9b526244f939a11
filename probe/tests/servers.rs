//! The probe in this process against servers on the loopback interface.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kubectl_pods_report::{Check, Protocol, Record, Verdict};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::plans::{asking, attempt, http, plan, run, tcp, with};

/// Listens on a free port of `address` and gives every connection to `answer`, on a thread of its own.
pub(crate) fn server_on(
    address: &str,
    answer: impl Fn(TcpStream) + Clone + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).expect("bind");
    let bound = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(stream));
        }
    });
    bound
}

fn server(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    server_on("127.0.0.1", answer)
}

/// Reads the head of a request, and a body if its length is announced.
pub(crate) fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        request.push(byte[0]);
    }
    let head = String::from_utf8(request).expect("UTF-8");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).expect("the body");
    head + &String::from_utf8(body).expect("UTF-8")
}

/// A server that answers every request with these bytes and then closes.
fn saying(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = Arc::new(answer.into());
    server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

fn page(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("an address")
}

fn silent() -> SocketAddr {
    server(|stream| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    })
}

fn resetting() -> SocketAddr {
    server(|mut stream| {
        read_request(&mut stream);
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("linger");
    })
}

fn pausing_in_the_body() -> SocketAddr {
    server(|mut stream| {
        read_request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
            .expect("writes");
        thread::sleep(Duration::from_secs(20));
    })
}

fn quick(check: Check) -> Check {
    with(check, |check| check.timeout_seconds = 0.5)
}

#[tokio::test]
async fn every_answer_has_its_verdict() {
    let good = saying(page("200 OK", "It works!"));
    let unavailable = saying(page("503 Service Unavailable", "later"));
    let cases = [
        ("a page", http(good), Verdict::Open, "HTTP status 200"),
        ("only TCP", tcp("127.0.0.1", good.port()), Verdict::Open, "connected"),
        ("nobody listens", http(closed_port()), Verdict::Refused, "a reset"),
        ("closed at once", http(server(drop)), Verdict::EmptyReply, "without an answer"),
        (
            "closed after the request",
            http(saying("")),
            Verdict::EmptyReply,
            "the peer closed without an answer",
        ),
        ("reset after the request", http(resetting()), Verdict::EmptyReply, "the peer broke off"),
        (
            "silence",
            quick(http(silent())),
            Verdict::Stalled,
            "then silence until the time-out after 0.5 s",
        ),
        (
            "silence in the body",
            quick(http(pausing_in_the_body())),
            Verdict::Stalled,
            "10 body bytes",
        ),
        (
            "end in the body",
            http(saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nIt w")),
            Verdict::BodyMismatch,
            "after 4 bytes",
        ),
        (
            "end in the head",
            http(saying("HTTP/1.1 200 OK\r\nServer: a")),
            Verdict::EmptyReply,
            "without an answer",
        ),
        (
            "not HTTP",
            http(saying("SSH-2.0-OpenSSH_9.2\r\n")),
            Verdict::WrongPeer,
            "does not speak HTTP/1",
        ),
        (
            "redirects are answers",
            http(saying(page("302 Found", ""))),
            Verdict::Open,
            "HTTP status 302",
        ),
        ("bad status", http(unavailable), Verdict::HttpStatus, "HTTP status 503"),
        (
            "bad status, but expected",
            with(http(unavailable), |c| c.expect.statuses = vec![(500, 599)]),
            Verdict::Open,
            "503",
        ),
        (
            "good status, but not expected",
            with(http(good), |c| c.expect.statuses = vec![(204, 204)]),
            Verdict::HttpStatus,
            "200",
        ),
        (
            "text",
            with(http(good), |c| c.expect.body_contains = Some("works".into())),
            Verdict::Open,
            "200",
        ),
        (
            "other text",
            with(http(good), |c| c.expect.body_contains = Some("nginx".into())),
            Verdict::BodyMismatch,
            "9 bytes",
        ),
        (
            "bad status for curl",
            asking(http(unavailable), |h| h.return_body = true),
            Verdict::Open,
            "503",
        ),
    ];
    let outcome = run(&plan(cases.iter().map(|(_, check, ..)| check.clone()).collect())).await;
    for ((name, _, verdict, says), attempt) in cases.iter().zip(&outcome.attempts) {
        assert_eq!(attempt.verdict, *verdict, "{name}: {attempt:#?}");
        assert!(attempt.message.contains(says), "{name}: {}", attempt.message);
        assert!(!attempt.message.contains(char::is_control), "{name}: {:?}", attempt.message);
    }
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

#[tokio::test]
async fn a_returned_body_arrives_whole_and_in_order() {
    let body: Vec<u8> = (0..100_000_u32).map(|i| (i * 7 % 251) as u8).collect();
    let mut answer =
        format!("HTTP/1.1 404 Nothing Here\r\nX-One: 1\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    answer.extend(&body);
    let address = saying(answer);
    let outcome = run(&plan(vec![asking(http(address), |http| http.return_body = true)])).await;
    let Record::Head { status, reason, headers, version, .. } = &outcome.records[1] else {
        panic!("no head: {:?}", outcome.records[1])
    };
    assert_eq!((*status, reason.as_str(), version.as_str()), (404, "Nothing Here", "HTTP/1.1"));
    assert!(headers.contains(&("x-one".into(), "1".into())), "{headers:?}");
    assert_eq!(bodies(&outcome.records), body);
    assert!(!outcome.truncated);
    assert_eq!(
        (outcome.attempts[0].verdict, outcome.attempts[0].body_bytes),
        (Verdict::Open, 100_000)
    );

    let limited = asking(http(address), |http| {
        (http.return_body, http.max_body_bytes) = (true, Some(20_000));
    });
    let outcome = run(&plan(vec![limited])).await;
    assert_eq!(bodies(&outcome.records), body[..20_000]);
    assert!(outcome.truncated);
}

fn bodies(records: &[Record]) -> Vec<u8> {
    let pieces = records.iter().filter_map(|record| match record {
        Record::Body { base64, .. } => Some(STANDARD.decode(base64).expect("base64")),
        _ => None,
    });
    pieces
        .inspect(|piece| assert!(piece.len() <= 8192, "a piece of {} bytes", piece.len()))
        .flatten()
        .collect()
}

#[tokio::test]
async fn an_endless_body_is_cut_without_being_held() {
    let address = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 16_384]).is_ok() {}
    });
    let check = asking(http(address), |http| http.max_body_bytes = Some(50_000_000));
    let seen = attempt(with(check, |check| check.timeout_seconds = 30.0)).await;
    assert_eq!((seen.verdict, seen.body_bytes), (Verdict::Open, 50_000_000));
}

#[tokio::test]
async fn checks_run_side_by_side_and_attempts_one_after_the_other() {
    let address = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(200));
        let _ = stream.write_all(&page("200 OK", ""));
    });
    let mut plan = plan(vec![http(address); 40]);
    plan.attempts = 3;
    let begun = Instant::now();
    let outcome = run(&plan).await;
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(outcome.attempts.len(), 120);
    assert!(
        outcome.attempts.iter().all(|attempt| attempt.verdict == Verdict::Open),
        "{outcome:#?}"
    );
    assert!((0.6..4.0).contains(&took), "120 waits of 0.2 s, 40 at a time, took {took} s");
    for attempts in outcome.attempts.chunks(3) {
        let gaps =
            attempts.windows(2).map(|pair| pair[1].started_seconds - pair[0].started_seconds);
        assert!(gaps.into_iter().all(|gap| gap >= 0.2), "{attempts:#?}");
    }
}

#[tokio::test]
async fn a_reader_that_is_gone_ends_the_run() {
    let plan = plan(vec![http(silent()), http(saying(page("200 OK", "")))]);
    let begun = Instant::now();
    let result = probe::run(&plan, |line| match line.record {
        Record::Attempt(_) => Err(io::ErrorKind::BrokenPipe.into()),
        _ => Ok(()),
    });
    assert_eq!(
        result.await.expect_err("the error of the reader").kind(),
        io::ErrorKind::BrokenPipe
    );
    assert!(begun.elapsed() < Duration::from_secs(2), "did not wait for the other check");
}

#[tokio::test]
async fn a_probe_that_was_held_up_says_so_instead_of_accusing() {
    let held_up = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        thread::sleep(Duration::from_millis(900));
    };
    let check = with(http(silent()), |check| check.timeout_seconds = 1.0);
    let (seen, ()) = tokio::join!(attempt(check), held_up);
    assert_eq!(seen.verdict, Verdict::Starved, "{seen:#?}");
    assert!(seen.message.contains("the probe itself was paused"), "{}", seen.message);
}

/// An HTTPS server with a self-signed certificate for `name`, and that certificate.
pub(crate) fn https_server(name: &str) -> (SocketAddr, Vec<u8>) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let config =
        config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![cert.der().clone()], key).expect("fits"));
    let address = server(move |mut tcp| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
        let mut stream = rustls::Stream::new(&mut session, &mut tcp);
        if stream.read(&mut []).is_ok() {
            read_request(&mut stream);
            let _ = stream.write_all(&page("200 OK", "secret"));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (address, cert.der().to_vec())
}

mod tls {
    use super::*;

    fn https(address: SocketAddr, insecure: bool) -> Check {
        let check = with(http(address), |check| check.protocol = Protocol::Https);
        asking(check, |http| http.insecure = insecure)
    }

    #[tokio::test]
    async fn certificates_are_checked_unless_told_otherwise() {
        let (address, _) = https_server("127.0.0.1");
        let seen = attempt(https(address, false)).await;
        assert_eq!(seen.verdict, Verdict::TlsCertificate, "{seen:#?}");
        assert!(seen.message.contains("certificate is not accepted"), "{}", seen.message);
        assert!(
            seen.phases.connect_seconds.is_some() && seen.phases.tls_seconds.is_none(),
            "{seen:#?}"
        );

        let seen = attempt(https(address, true)).await;
        assert_eq!((seen.verdict, seen.body_bytes), (Verdict::Open, 6), "{seen:#?}");
        assert!(seen.phases.tls_seconds.is_some_and(|seconds| seconds > 0.0), "{seen:#?}");
    }

    #[tokio::test]
    async fn what_is_no_tls_is_a_failed_handshake() {
        let plain = server(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let hangs_up = server(|mut stream| {
            let _ = stream.read(&mut [0; 4096]);
        });
        let cases = [
            ("plain HTTP", https(plain, true), Verdict::TlsHandshake),
            ("hangs up", https(hangs_up, true), Verdict::TlsHandshake),
            ("silence", quick(https(silent(), true)), Verdict::Stalled),
        ];
        for (name, check, verdict) in cases {
            let seen = attempt(check).await;
            assert_eq!(seen.verdict, verdict, "{name}: {seen:#?}");
        }
    }
}

//! TLS with good, bad and no certificates, and with peers that speak something else.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use kubectl_pods_report::{
    Ask, Attempt, Check, HttpRequest, Observation, Plan, Spoken, Tls, TlsFault,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};
use rustls::version::{TLS12, TLS13};

use crate::plans::{attempt, http, https, plan, quick, run};
use crate::servers::{page, resetting, saying, server, silent};
use crate::tls_servers::{Authority, Identity, https_server, mutual_tls_server, self_signed};

const NAME: &str = "web.shop.svc";

/// HTTPS at `address`, where the host is called [`NAME`].
fn named(address: SocketAddr, tls: Tls) -> Check {
    let ask = Ask::https(address.port(), tls, HttpRequest::default());
    Check { host: NAME.to_owned(), address: Some(address.ip()), ask, ..https(address, false) }
}

/// One attempt that trusts `authority` alone.
async fn trusting(authority: &Authority, check: Check) -> Attempt {
    let plan = Plan { roots: Some(authority.pem()), ..plan(vec![check]) };
    run(&plan).await.attempts.remove(0)
}

fn fault(attempt: &Attempt) -> Option<TlsFault> {
    attempt.details.tls.as_ref().and_then(|tls| tls.fault)
}

/// No text of ours has a library's debug text in it, which is full of brackets.
fn assert_for_people(attempt: &Attempt) {
    let odd = ["Error", "Context", "::", "{", "Some(", "DnsName("];
    assert!(!odd.iter().any(|odd| attempt.message.contains(odd)), "{}", attempt.message);
}

#[tokio::test]
async fn a_good_certificate_is_accepted_and_told() {
    let authority = Authority::new("the authority");
    let until = date_time_ymd(2099, 1, 2);
    let identity = authority.sign(&[NAME, "10.0.0.7"], |it| it.not_after = until);
    let seen = trusting(&authority, named(https_server(identity), Tls::default())).await;
    assert_eq!(seen.observation, Observation::Open, "{seen:#?}");
    assert_eq!(seen.http().map(|http| http.body_bytes), Some(6), "{seen:#?}");
    assert!(seen.phases.tls_seconds.is_some_and(|seconds| seconds > 0.0), "{seen:#?}");
    let tls = seen.details.tls.as_ref().expect("details");
    assert_eq!((tls.version.as_deref(), tls.fault), (Some("1.3"), None), "{tls:#?}");
    assert_eq!(tls.server_name, NAME);
    let certificate = seen.certificate().expect("a certificate");
    assert!(certificate.subject.contains("CN=the server"), "{certificate:#?}");
    assert!(certificate.issuer.contains("CN=the authority"), "{certificate:#?}");
    assert_eq!(certificate.names, [NAME, "10.0.0.7"]);
    assert_eq!(certificate.not_after_seconds, until.unix_timestamp());
    assert_eq!(tls.earliest_end_seconds, Some(until.unix_timestamp()));
}

/// Name, what is served, the fault, and what the sentence must say.
type Bad = (&'static str, Identity, TlsFault, &'static str);

fn bad_certificates(authority: &Authority) -> [Bad; 7] {
    let stranger = Authority::new("a stranger");
    let as_it_is = |_: &mut CertificateParams| ();
    let ca = |it: &mut CertificateParams| it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ended = |it: &mut CertificateParams| it.not_after = date_time_ymd(2026, 1, 2);
    let early = |it: &mut CertificateParams| it.not_before = date_time_ymd(2098, 3, 4);
    let for_clients = |it: &mut CertificateParams| {
        it.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    };
    [
        (
            "expired",
            authority.sign(&[NAME], ended),
            TlsFault::Expired,
            "it ended 2026-01-02 00:00 UTC; by the probe's clock it is 20",
        ),
        (
            "not yet valid",
            authority.sign(&[NAME], early),
            TlsFault::NotYetValid,
            "it begins 2098-03-04 00:00 UTC",
        ),
        (
            "other names",
            authority.sign(&["web.example.org", "10.0.0.7"], as_it_is),
            TlsFault::OtherNames,
            "it is for web.example.org, 10.0.0.7, not for web.shop.svc",
        ),
        (
            "signed by a stranger",
            stranger.sign(&[NAME], as_it_is),
            TlsFault::UnknownIssuer,
            "a stranger, which is not trusted, or a certificate between is missing",
        ),
        (
            "signed by itself",
            self_signed(&[NAME], as_it_is),
            TlsFault::UnknownIssuer,
            "it is signed by itself",
        ),
        (
            "an authority's, as openssl req -x509 makes it",
            self_signed(&[NAME], ca),
            TlsFault::IsCa,
            "it is that of a certificate authority",
        ),
        (
            "for clients",
            authority.sign(&[NAME], for_clients),
            TlsFault::Unacceptable,
            "it is not made for servers",
        ),
    ]
}

#[tokio::test]
async fn a_bad_certificate_is_refused_for_its_own_reason() {
    let authority = Authority::new("the authority");
    for (name, identity, expected, says) in bad_certificates(&authority) {
        let address = https_server(identity);
        let seen = trusting(&authority, named(address, Tls::default())).await;
        assert_eq!(seen.observation, Observation::TlsCertificate, "{name}: {seen:#?}");
        assert_eq!(fault(&seen), Some(expected), "{name}: {seen:#?}");
        assert!(seen.message.contains("certificate is not accepted"), "{name}: {}", seen.message);
        assert!(seen.message.contains(says), "{name}: {}", seen.message);
        assert!(seen.certificate().is_some(), "{name}: told although it is refused: {seen:#?}");
        assert!(
            seen.phases.connect_seconds.is_some() && seen.phases.tls_seconds.is_none(),
            "{name}: {seen:#?}"
        );
        assert_for_people(&seen);

        let any = Tls { insecure: true, ..Tls::default() };
        let seen = trusting(&authority, named(address, any)).await;
        assert_eq!(seen.observation, Observation::Open, "{name}: {seen:#?}");
        assert_eq!(fault(&seen), Some(expected), "{name}: told although any is accepted");
    }
}

#[tokio::test]
async fn the_name_in_the_certificate_may_be_another_than_the_host() {
    let authority = Authority::new("the authority");
    let address = https_server(authority.sign(&["web.example.org"], |_| ()));
    let other = Tls { server_name: Some("web.example.org".to_owned()), ..Tls::default() };
    let seen = trusting(&authority, named(address, other)).await;
    assert_eq!(seen.observation, Observation::Open, "{seen:#?}");
}

#[tokio::test]
async fn a_file_of_further_authorities_counts_where_it_is_there() {
    let authority = Authority::new("the authority");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.crt");
    let address = https_server(authority.sign(&[NAME], |_| ()));
    let ca_file = Some(file.to_str().expect("UTF-8").to_owned());
    let check = named(address, Tls { ca_file, ..Tls::default() });
    let seen = attempt(check.clone()).await;
    assert_eq!(fault(&seen), Some(TlsFault::UnknownIssuer), "there is no such file yet: {seen:#?}");
    std::fs::write(&file, authority.pem()).expect("written");
    let seen = attempt(check.clone()).await;
    assert_eq!(seen.observation, Observation::Open, "{seen:#?}");
    let others = Plan { roots: Some(Authority::new("another").pem()), ..plan(vec![check]) };
    let seen = run(&others).await.attempts.remove(0);
    assert_eq!(fault(&seen), Some(TlsFault::UnknownIssuer), "roots make it void: {seen:#?}");
}

#[tokio::test]
async fn a_server_that_wants_our_certificate_is_told_from_a_broken_one() {
    let authority = Authority::new("the authority");
    for (name, version) in [("1.2", &TLS12), ("1.3", &TLS13)] {
        let identity = authority.sign(&[NAME], |_| ());
        let address = mutual_tls_server(identity, version, &authority);
        let seen = trusting(&authority, named(address, Tls::default())).await;
        assert_eq!(seen.observation, Observation::TlsHandshake, "{name}: {seen:#?}");
        assert_eq!(fault(&seen), Some(TlsFault::ClientCertificate), "{name}: {seen:#?}");
        let says = "the server wants a certificate of the client, and the probe has none";
        assert!(seen.message.contains(says), "{name}: {}", seen.message);
        assert!(seen.certificate().is_some(), "{name}: {seen:#?}");
        assert_for_people(&seen);
    }
}

/// Reads the hello, answers with `bytes`, and lets the peer close first: a reset would eat what was said.
fn answering_the_hello(bytes: &'static [u8]) -> SocketAddr {
    server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

#[tokio::test]
async fn what_answers_a_hello_in_another_way_is_told_by_its_own_bytes() {
    let cases: [(&str, &[u8], TlsFault, &str); 9] = [
        (
            "plain HTTP",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            TlsFault::NotTls,
            "the port speaks plain HTTP, not TLS: it answered \"HTTP/1.1 400",
        ),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", TlsFault::NotTls, "is no TLS: \"SSH-2.0-OpenSSH_9.2"),
        ("MySQL", b"J\0\0\0\n8.0.36\0", TlsFault::NotTls, "is no TLS: \"J\\x00\\x00\\x00\\n8.0.36"),
        ("Redis", b"-ERR unknown command\r\n", TlsFault::NotTls, "is no TLS: \"-ERR unknown"),
        (
            "an older version",
            b"\x15\x03\x01\0\x02\x02\x46",
            TlsFault::Version,
            "speaks neither TLS 1.2 nor TLS 1.3, and the probe nothing else (alert 70, protocol_version)",
        ),
        (
            "refused",
            b"\x15\x03\x03\0\x02\x02\x28",
            TlsFault::Refused,
            "(alert 40, handshake_failure): it may not serve web.shop.svc",
        ),
        (
            "unknown name",
            b"\x15\x03\x03\0\x02\x02\x70",
            TlsFault::UnrecognizedName,
            "does not serve the name web.shop.svc (alert 112, unrecognized_name)",
        ),
        ("nonsense in TLS", b"\x16\x03\x03\0\x04\x02\0\0\0", TlsFault::Broken, "breaks the rules"),
        ("nothing", b"", TlsFault::Closed, "the peer closed in the middle of it"),
    ];
    for (name, bytes, expected, says) in cases {
        let seen = attempt(named(answering_the_hello(bytes), Tls::default())).await;
        assert_eq!(seen.observation, Observation::TlsHandshake, "{name}: {seen:#?}");
        assert_eq!(fault(&seen), Some(expected), "{name}: {seen:#?}");
        assert!(seen.message.contains(says), "{name}: {}", seen.message);
        let spoken = bytes.starts_with(b"HTTP/").then_some(Spoken::Http);
        assert_eq!(seen.details.speaks, spoken, "{name}: {seen:#?}");
        assert_for_people(&seen);
    }
    let seen = attempt(quick(https(silent(), true))).await;
    assert_eq!(seen.observation, Observation::Stalled, "{seen:#?}");
}

/// A server of TLS that hangs up on whatever is no hello, as OpenSSL and Node do.
fn hanging_up_on_plain_text() -> SocketAddr {
    server(|mut stream| {
        let mut begin = [0; 3];
        let _ = stream.peek(&mut begin);
        if begin[..2] == [0x16, 3] {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"\x15\x03\x03\0\x02\x02\x28");
            let _ = stream.read_to_end(&mut Vec::new());
        } else {
            let _ = stream.read(&mut [0; 4096]);
        }
    })
}

#[tokio::test]
async fn plain_http_to_a_port_of_tls_is_told_by_the_answer_or_by_asking_again() {
    let nginx = "<center>The plain HTTP request was sent to HTTPS port</center>";
    let go = "Client sent an HTTP request to an HTTPS server.\n";
    let bad = |text| saying(page("400 Bad Request", text));
    let alert = saying(*b"\x15\x03\x03\0\x02\x02\x0a");
    let (tls, says) = (Some(Spoken::Tls), "the port speaks TLS");
    let cases = [
        ("nginx", bad(nginx), Observation::Open, tls, ""),
        ("Go", bad(go), Observation::Open, tls, ""),
        ("another 400", bad("no"), Observation::Open, None, ""),
        ("an alert", alert, Observation::NotHttp, tls, says),
        ("hangs up", hanging_up_on_plain_text(), Observation::EmptyReply, tls, says),
        ("says nothing to anybody", saying(""), Observation::EmptyReply, None, "without an answer"),
        ("resets", resetting(), Observation::EmptyReply, None, "broke off"),
        ("SSH", saying("SSH-2.0-x\r\n"), Observation::NotHttp, None, "HTTP/1: \"SSH-2.0-x"),
    ];
    for (name, address, observation, speaks, says) in cases {
        let seen = attempt(http(address)).await;
        assert_eq!(seen.observation, observation, "{name}: {seen:#?}");
        assert_eq!(seen.details.speaks, speaks, "{name}: {seen:#?}");
        assert!(seen.message.contains(says), "{name}: {}", seen.message);
        assert_for_people(&seen);
    }
}

#[tokio::test]
async fn a_second_look_takes_no_longer_than_the_attempt_may() {
    let slow = server(|mut stream| {
        let mut begin = [0; 1];
        let _ = stream.peek(&mut begin);
        if begin == [0x16] {
            std::thread::sleep(Duration::from_secs(20));
        }
        let _ = stream.read(&mut [0; 4096]);
    });
    let begun = Instant::now();
    let seen = attempt(quick(http(slow))).await;
    let took = begun.elapsed();
    assert_eq!(seen.observation, Observation::EmptyReply, "{seen:#?}");
    assert_eq!(seen.details.speaks, None, "{seen:#?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn nginx_tells_within_http_that_it_wants_our_certificate() {
    let authority = Authority::new("the authority");
    let identity = authority.sign(&[NAME], |_| ());
    let text = "<center>No required SSL certificate was sent</center>";
    let address = crate::tls_servers::https_saying(identity, page("400 Bad Request", text));
    let seen = trusting(&authority, named(address, Tls::default())).await;
    assert_eq!(seen.observation, Observation::Open, "{seen:#?}");
    assert_eq!(fault(&seen), Some(TlsFault::ClientCertificate), "{seen:#?}");
}

#[tokio::test]
async fn who_answers_and_where_to_go_instead_are_told() {
    let answer = "HTTP/1.1 302 Found\r\nServer: envoy\r\nLocation: https://web/login\r\nContent-Length: 0\r\n\r\n";
    let seen = attempt(http(saying(answer))).await;
    let http = seen.http().expect("an answer");
    assert_eq!(http.server.as_deref(), Some("envoy"));
    assert_eq!(http.location.as_deref(), Some("https://web/login"));
}

//! TLS with good, bad and no certificates.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};

use kubectl_pods_report::{Check, Protocol, Verdict};

use crate::plans::{asking, attempt, http, quick, with};
use crate::servers::{https_server, server, silent};

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

//! TLS with good, bad and no certificates.

use std::io::{Read, Write};
use std::net::Shutdown;

use kubectl_pods_report::Observation;

use crate::plans::{attempt, https, quick};
use crate::servers::{https_server, server, silent};

#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    let (address, _) = https_server("127.0.0.1");
    let seen = attempt(https(address, false)).await;
    assert_eq!(seen.observation, Observation::TlsCertificate, "{seen:#?}");
    assert!(seen.message.contains("certificate is not accepted"), "{}", seen.message);
    assert!(
        seen.phases.connect_seconds.is_some() && seen.phases.tls_seconds.is_none(),
        "{seen:#?}"
    );

    let seen = attempt(https(address, true)).await;
    assert_eq!(seen.observation, Observation::Open, "{seen:#?}");
    assert_eq!(seen.http().map(|http| http.body_bytes), Some(6), "{seen:#?}");
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
        ("plain HTTP", https(plain, true), Observation::TlsHandshake),
        ("hangs up", https(hangs_up, true), Observation::TlsHandshake),
        ("silence", quick(https(silent(), true)), Observation::Stalled),
    ];
    for (name, check, observation) in cases {
        let seen = attempt(check).await;
        assert_eq!(seen.observation, observation, "{name}: {seen:#?}");
    }
}

//! Bodies that are returned, cut, or only counted.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kubectl_pods_report::{Attempt, Observation, Record};

use crate::plans::{asking, attempt, http, plan, run, within};
use crate::servers::{read_request, saying, server};

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
    assert!(headers.contains(&("X-One".into(), "1".into())), "{headers:?}");
    assert_eq!(bodies(&outcome.records), body);
    assert!(!outcome.truncated);
    assert_eq!(outcome.attempts[0].observation, Observation::Open);
    assert_eq!(body_bytes(&outcome.attempts[0]), Some(100_000));

    let limited = asking(http(address), |http| {
        (http.return_body, http.max_body_bytes) = (true, Some(20_000));
    });
    let outcome = run(&plan(vec![limited])).await;
    assert_eq!(bodies(&outcome.records), body[..20_000]);
    assert!(outcome.truncated);
}

#[tokio::test]
async fn a_returned_head_is_what_the_peer_wrote() {
    let fields =
        "X-oNe: 1\r\nset-cookie: a=b\r\nContent-Length: 0\r\nSet-Cookie:  c=d \r\nx-two:\r\n";
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let address = saying(format!("{hint}HTTP/1.0 299 \r\n{fields}\r\n"));
    let outcome = run(&plan(vec![asking(http(address), |http| http.return_body = true)])).await;
    let Record::Head { status, reason, headers, version, .. } = &outcome.records[1] else {
        panic!("no head: {:?}", outcome.records[1])
    };
    assert_eq!((*status, reason.as_str(), version.as_str()), (299, "", "HTTP/1.0"));
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("X-oNe", "1"),
        ("set-cookie", "a=b"),
        ("Content-Length", "0"),
        ("Set-Cookie", "c=d"),
        ("x-two", ""),
    ];
    assert_eq!(headers, expected);
}

fn body_bytes(attempt: &Attempt) -> Option<u64> {
    attempt.http().map(|http| http.body_bytes)
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
    let seen = attempt(within(check, 30.0)).await;
    assert_eq!((seen.observation, body_bytes(&seen)), (Observation::Open, Some(50_000_000)));
}

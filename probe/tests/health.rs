//! gRPC health, asked of a server that answers in HTTP/2 as it is told to, and of servers that speak something else.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::thread;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kubectl_pods_report::{Ask, Attempt, Check, Observation, Spoken};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::plans::{attempt, tcp};
use crate::servers::{closed_port, page, server};

/// What a server answers: HTTP status, content type, message, and what stands behind it.
#[derive(Clone, Copy)]
struct Says {
    status: u16,
    kind: &'static str,
    message: &'static [u8],
    trailers: &'static [(&'static str, &'static str)],
}

const SERVING: Says = Says {
    status: 200,
    kind: "application/grpc",
    message: b"\0\0\0\0\x02\x08\x01",
    trailers: &[("grpc-status", "0")],
};

/// A server that speaks HTTP/2 as soon as a client does, and says this to every call. It answers for the service `shop.Cart`
/// alone if a name is asked for.
fn grpc(says: Says) -> SocketAddr {
    let (sender, address) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
            sender.send(listener.local_addr().expect("an address")).expect("somebody waits");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let service = service_fn(move |request| answer(request, says));
                let serving = http2::Builder::new(TokioExecutor::new());
                tokio::spawn(async move {
                    let _ = serving.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
    });
    address.recv().expect("it listens")
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

async fn answer(
    request: http::Request<hyper::body::Incoming>,
    says: Says,
) -> Result<Response<Body>, Infallible> {
    assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
    assert_eq!(request.headers()["content-type"], "application/grpc");
    let asked = request.into_body().collect().await.expect("a body").to_bytes();
    let known = asked.len() == 5 || asked.ends_with(b"shop.Cart");
    let unknown = Says { message: b"", trailers: &[("grpc-status", "5")], ..says };
    let says = if known { says } else { unknown };
    let mut trailers = HeaderMap::new();
    for (name, value) in says.trailers {
        trailers.insert(*name, HeaderValue::from_static(value));
    }
    let body = Full::new(Bytes::from_static(says.message));
    let body = body.with_trailers(async move { Some(Ok(trailers)) }).boxed();
    let response = Response::builder().status(says.status).header("content-type", says.kind);
    Ok(response.body(body).expect("a response"))
}

async fn asked(address: SocketAddr, service: &str) -> Attempt {
    let ask = Ask::Grpc { port: address.port(), service: service.to_owned() };
    let check = Check { ask, ..tcp("127.0.0.1", address.port()) };
    attempt(check).await
}

#[tokio::test]
async fn health_is_told_in_its_own_words() {
    let word = |message| Says { message, ..SERVING };
    let status = |trailers| Says { message: b"", trailers, ..SERVING };
    let cases = [
        ("serving", SERVING, "", Observation::Open, "gRPC health: SERVING"),
        (
            "one service",
            SERVING,
            "shop.Cart",
            Observation::Open,
            "gRPC health of shop.Cart: SERVING",
        ),
        (
            "another service",
            SERVING,
            "shop.Card",
            Observation::NotServing,
            "the health service knows no service \"shop.Card\" (gRPC status 5)",
        ),
        (
            "not serving",
            word(b"\0\0\0\0\x02\x08\x02"),
            "",
            Observation::NotServing,
            "gRPC health: NOT_SERVING",
        ),
        ("unknown", word(b"\0\0\0\0\0"), "", Observation::NotServing, "gRPC health: UNKNOWN"),
        (
            "no health service",
            status(&[("grpc-status", "12")]),
            "",
            Observation::NotServing,
            "a gRPC server without the health service (gRPC status 12): a kubelet's gRPC probe fails there too",
        ),
        (
            "another status",
            status(&[("grpc-status", "14"), ("grpc-message", "no%20leader")]),
            "",
            Observation::NotServing,
            "gRPC status 14: no leader",
        ),
        ("no status", status(&[]), "", Observation::NotServing, "its answer has no gRPC status"),
        (
            "nonsense",
            word(b"\0\0\0\0\x09\x08\x01"),
            "",
            Observation::NotServing,
            "its answer is no message of a health service: its length is another than it says",
        ),
        (
            "a web server",
            Says { status: 404, kind: "text/html", message: b"no", trailers: &[] },
            "",
            Observation::NotServing,
            "an HTTP/2 server that is none of gRPC: HTTP status 404, \"text/html\"",
        ),
    ];
    for (name, says, service, observation, message) in cases {
        let attempt = asked(grpc(says), service).await;
        let seen = (attempt.observation, attempt.message.as_str());
        assert_eq!(seen, (observation, message), "{name}: {attempt:#?}");
        assert!(attempt.phases.processing_seconds.is_some(), "{name}");
    }
    let attempt = asked(grpc(SERVING), "").await;
    let details = attempt.details.grpc.expect("what it said");
    assert_eq!((details.status, details.health.as_deref()), (Some(0), Some("SERVING")));
}

#[tokio::test]
async fn what_speaks_no_http2_is_told_by_how_it_begins() {
    // It hears the client out: who closes with something unread resets, and may take the answer along.
    let http1 = server(|mut stream| {
        let _ = stream.write_all(&page("200 OK", "hello"));
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let attempt = asked(http1, "").await;
    assert_eq!(attempt.observation, Observation::NotHttp, "{attempt:#?}");
    assert_eq!(attempt.details.speaks, Some(Spoken::Http));
    assert!(
        attempt.message.contains("HTTP/2, which gRPC needs: \"HTTP/1.1 200 OK"),
        "{attempt:#?}"
    );
    let silent = server(drop);
    assert_eq!(asked(silent, "").await.observation, Observation::EmptyReply);
    assert_eq!(asked(closed_port(), "").await.observation, Observation::Refused);
}

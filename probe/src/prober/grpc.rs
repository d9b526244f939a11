//! The health of a gRPC server, asked for as the kubelet's gRPC probes do: one call of `grpc.health.v1.Health/Check` over
//! HTTP/2 without TLS (`doc/health-checking.md` and `doc/PROTOCOL-HTTP2.md` of the gRPC repository).

mod frames;
mod message;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, select};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kubectl_pods_report::{GrpcDetails, Observation};
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::time::Instant;

use self::message::Health;
use super::failure::Failure;
use super::http::authority;
use super::observed::{Begin, Heard, Observed, Seen};
use super::{Context, Prober, Stage, Trace, tcp};

/// Most that an answer may have: that of a health service has two bytes and five before them.
const ANSWER_BYTES: usize = 4 * 1024;
/// The port that the scheme `http` leaves out.
const HTTP_PORT: u16 = 80;
/// Most that is read: what a server of HTTP/2 says of itself, and an answer, are far shorter.
const READ_BYTES: usize = 64 * 1024;

/// Makes one call.
#[derive(Debug)]
pub(super) struct Grpc {
    port: u16,
    request: Request<Full<Bytes>>,
    service: String,
}

impl Grpc {
    /// A prober of `service` at `host` and `port`; an empty name means the server as a whole.
    ///
    /// # Errors
    ///
    /// When the host cannot stand in a request.
    pub(super) fn new(host: &str, port: u16, service: &str) -> Result<Self, String> {
        let authority = authority(host, port, HTTP_PORT);
        let request = Request::post(format!("http://{authority}/grpc.health.v1.Health/Check"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", concat!("kubectl-pods/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(message::request(service)));
        let request = request.map_err(|error| error.to_string())?;
        Ok(Self { port, request, service: service.to_owned() })
    }

    async fn converse(
        &self,
        stream: TcpStream,
        seen: Arc<Seen>,
        trace: &mut Trace,
    ) -> Result<String, Failure> {
        let stream = TokioIo::new(Observed::new(stream, Arc::clone(&seen)));
        let explain = |error: hyper::Error| explain(&error, &seen);
        let begun = Instant::now();
        let handshake = http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), stream).await;
        let (mut sender, connection) = handshake.map_err(explain)?;
        let conversation = pin!(async {
            let response = sender.send_request(self.request.clone()).await.map_err(explain)?;
            let answered = Instant::now();
            trace.phases.processing_seconds = Some((answered - begun).as_secs_f64());
            trace.stage = Stage::Transfer;
            let told = self.receive(response, &seen, trace).await;
            trace.phases.transfer_seconds = Some(answered.elapsed().as_secs_f64());
            told
        });
        // The connection moves the bytes; what becomes of them is told to the conversation.
        match select(conversation, pin!(connection)).await {
            Either::Left((result, _)) => result,
            Either::Right((_, conversation)) => conversation.await,
        }
    }

    async fn receive(
        &self,
        response: Response<Incoming>,
        seen: &Seen,
        trace: &mut Trace,
    ) -> Result<String, Failure> {
        let (head, body) = response.into_parts();
        if let Some(words) = no_grpc(head.status, &head.headers) {
            return Err(not_serving(words));
        }
        let body = Limited::new(body, ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| not_serving(unreadable(&*error, seen)))?;
        // An answer without a message has everything in its head.
        let end = body.trailers().unwrap_or(&head.headers);
        let details = GrpcDetails { status: status(end), message: words(end), health: None };
        let details = trace.details.grpc.insert(details);
        match details.status {
            Some(0) => {
                let health = message::health(&body.to_bytes()).map_err(|wrong| {
                    not_serving(format!("its answer is no message of a health service: {wrong}"))
                })?;
                details.health = Some(health.as_str().to_owned());
                let service = self.named();
                match health {
                    Health::Serving => Ok(format!("gRPC health{service}: SERVING")),
                    health => {
                        Err(not_serving(format!("gRPC health{service}: {}", health.as_str())))
                    }
                }
            }
            Some(status) => Err(not_serving(self.refused(status, details.message.as_deref()))),
            None => Err(not_serving("its answer has no gRPC status".to_owned())),
        }
    }

    /// What a status other than 0 means to who asks for health (`doc/statuscodes.md` of the gRPC repository).
    fn refused(&self, status: u32, message: Option<&str>) -> String {
        let service = &self.service;
        match status {
            5 => format!("the health service knows no service {service:?} (gRPC status 5)"),
            12 => "a gRPC server without the health service (gRPC status 12): a kubelet's gRPC probe fails there too".to_owned(),
            status => {
                let message = message.map(|message| format!(": {message}")).unwrap_or_default();
                format!("gRPC status {status}{message}")
            }
        }
    }

    fn named(&self) -> String {
        if self.service.is_empty() { String::new() } else { format!(" of {}", self.service) }
    }
}

impl Prober for Grpc {
    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let stream = tcp::open(context, self.port, trace).await?;
            trace.stage = Stage::Processing;
            let seen = Arc::new(Seen::at_most(READ_BYTES));
            trace.heard = Some(Heard { seen: Arc::clone(&seen), tell: frames::without_answer });
            let result = self.converse(stream, Arc::clone(&seen), trace).await;
            if let Err(Failure::Answer { observation: Observation::NotHttp, .. }) = &result {
                let begin = Begin::of(&seen);
                trace.details.first_bytes = Some(begin.text());
                trace.details.speaks = begin.speaks();
            }
            result
        }
        .boxed()
    }
}

/// Why an answer in HTTP/2 is none of a gRPC server.
fn no_grpc(status: StatusCode, head: &HeaderMap) -> Option<String> {
    let kind = head.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_grpc = status == StatusCode::OK && kind.starts_with("application/grpc");
    (!is_grpc).then(|| {
        format!("an HTTP/2 server that is none of gRPC: HTTP status {}, {kind:?}", status.as_u16())
    })
}

/// `grpc-status`.
fn status(end: &HeaderMap) -> Option<u32> {
    end.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// `grpc-message`, which is percent-encoded.
fn words(end: &HeaderMap) -> Option<String> {
    let message = end.get("grpc-message")?.to_str().ok()?;
    Some(percent_decode_str(message).decode_utf8_lossy().into_owned()).filter(|it| !it.is_empty())
}

fn not_serving(message: String) -> Failure {
    Failure::Answer { observation: Observation::NotServing, message, error: None }
}

/// Why the body of an answer is not to be had.
fn unreadable(error: &(dyn std::error::Error + 'static), seen: &Seen) -> String {
    if error.is::<LengthLimitError>() {
        return format!("its answer is longer than {} KiB", ANSWER_BYTES / 1024);
    }
    frames::end(&seen.begin()).unwrap_or_else(|| "its answer has no end".to_owned())
}

/// Why there was no answer to the call, from what came instead.
fn explain(error: &hyper::Error, seen: &Seen) -> Failure {
    let came = seen.begin();
    if !came.is_empty() && !frames::are_http2(&came) {
        return Failure::Answer {
            observation: Observation::NotHttp,
            message: "something answered that does not speak HTTP/2, which gRPC needs".to_owned(),
            error: None,
        };
    }
    if let Some(words) = frames::end(&came) {
        return not_serving(words);
    }
    if seen.is_too_much() {
        return not_serving(frames::without_answer(&came));
    }
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let code = cause.and_then(std::io::Error::raw_os_error);
    Failure::NoAnswer(code.map(std::io::Error::from_raw_os_error))
}

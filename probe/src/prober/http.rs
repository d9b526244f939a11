//! One HTTP/1.1 request, with or without TLS below it. Redirects are answers, unless the request says that they are to be
//! followed ([`follow`]).

mod chunks;
mod fault;
mod follow;
mod head;
mod hints;
mod redirect;
mod request;
mod search;
mod spelling;

use std::pin::pin;
use std::sync::Arc;
use std::{io, mem};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, select};
use http::header::LOCATION;
use http::response::Parts;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kubectl_pods_report::{Hop, HttpDetails, HttpFault, HttpRequest, Observation, Protocol};
use rustls::RootCertStore;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

pub(super) use self::head::Head;
use self::head::Heads;
use self::redirect::{Place, default_port};
use self::request::Ready;
pub(super) use self::request::authority;
use self::search::Search;
use self::spelling::Spelt;
use super::failure::Failure;
use super::observed::{Begin, Heard, Observed, Seen};
use super::trace::OpenHop;
use super::{Context, Machine, Piece, Prober, Stage, Trace, tcp, tls};

/// Most that the heads of an answer may have, informational ones included; its body passes through.
const HEAD_BYTES: usize = 64 * 1024;

/// The same where the answer is to be returned: as much as curl reads (`MAX_HTTP_RESP_HEADER_SIZE`).
const RETURNED_HEAD_BYTES: usize = 300 * 1024;

/// Largest piece of a body that is sent on. In base64 it stays below the 16 KiB at which container runtimes cut log lines.
const PIECE_BYTES: usize = 8 * 1024;

/// Sends one request and reads the answer to its end, whatever its status.
#[derive(Debug)]
pub(super) struct Http {
    port: u16,
    tls: Option<tls::Client>,
    /// Trusted over TLS instead of what the machine knows, wherever redirects lead.
    roots: Option<Arc<RootCertStore>>,
    ready: Ready,
    /// The same as it was asked for: what to do with the answer.
    asked: HttpRequest,
}

impl Http {
    /// A prober of `asked` at `host` and `port`.
    ///
    /// # Errors
    ///
    /// What about the request cannot be sent.
    pub(super) fn new(
        host: &str,
        port: u16,
        tls: Option<tls::Client>,
        roots: Option<Arc<RootCertStore>>,
        asked: &HttpRequest,
    ) -> Result<Self, String> {
        let authority = request::authority(host, port, default_port(tls.is_some()));
        let ready = request::build(&authority, asked)?;
        Ok(Self { port, tls, roots, ready, asked: asked.clone() })
    }

    /// Notes that a request to `place` begins, if every step is to be told. The attempt began at `attempt`.
    fn begin_hop(&self, place: &Place, attempt: Instant, trace: &mut Trace) {
        if self.asked.return_body {
            let hop = Hop {
                url: place.url(),
                host: place.host.clone(),
                port: place.port,
                began_seconds: attempt.elapsed().as_secs_f64(),
                ..Hop::default()
            };
            trace.hop = Some(Box::new(OpenHop { begun: Instant::now(), hop }));
        }
    }

    /// Sends the one request, wherever the answer may lead.
    async fn ask_once(&self, context: Context<'_>, trace: &mut Trace) -> Result<String, Failure> {
        let stream = tcp::open(context, self.port, trace).await?;
        match &self.tls {
            None => self.exchange(stream, context.answer, trace).await,
            Some(tls) => {
                let trust = &context.machine.trust;
                let stream = tls.handshake(stream, &context.check.host, trust, trace).await?;
                self.exchange(stream, context.answer, trace).await
            }
        }
    }

    /// Whether the body of an answer with this head is nobody's: curl passes over it where redirects are followed.
    fn is_passed_over(&self, head: &Parts) -> bool {
        self.asked.redirects.is_some()
            && head.status.is_redirection()
            && head.headers.contains_key(LOCATION)
    }

    async fn exchange<S>(
        &self,
        stream: S,
        answer: &mpsc::Sender<Piece>,
        trace: &mut Trace,
    ) -> Result<String, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        trace.stage = Stage::Processing;
        let seen = Arc::new(Seen::at_most(self.most()));
        trace.heard = Some(Heard { seen: Arc::clone(&seen), tell: fault::unfinished });
        let stream = Observed::new(stream, Arc::clone(&seen));
        let result = self.converse(stream, &seen, answer, trace).await;
        match &result {
            Err(Failure::Tls(error)) => tls::note(error, None, trace),
            Err(Failure::Answer { .. }) if trace.details.http.is_none() => {
                fault::note(&seen, trace);
                self.return_broken(&seen, answer, trace).await;
            }
            Err(Failure::Answer { observation: Observation::NotHttp, .. }) => {
                let whole = seen.whole();
                let body = whole.as_deref().map(|whole| &whole[Heads::read(whole).length..]);
                trace.details.http_fault = Some(body.map_or(HttpFault::Chunks, chunks::flaw));
            }
            _ => {}
        }
        result
    }

    /// Most bytes that the heads of an answer may have.
    const fn most(&self) -> usize {
        if self.asked.return_body { RETURNED_HEAD_BYTES } else { HEAD_BYTES }
    }

    /// Returns what there is of a head that is not whole, or not well, if it is to be returned.
    async fn return_broken(&self, seen: &Seen, answer: &mpsc::Sender<Piece>, trace: &mut Trace) {
        let head = Some(seen.begin()).filter(|_| self.asked.return_body);
        if let Some(head) = head.and_then(|begin| Head::broken(&begin, self.most())) {
            if let Some(OpenHop { hop, .. }) = trace.hop.as_deref_mut() {
                hop.head_bytes = head.bytes.len() as u64;
            }
            send(answer, Piece::Head(head)).await;
        }
    }

    async fn converse<S>(
        &self,
        stream: Observed<S>,
        seen: &Seen,
        answer: &mpsc::Sender<Piece>,
        trace: &mut Trace,
    ) -> Result<String, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let begun = Instant::now();
        let Ready { request, head, body_bytes } = self.ready.clone();
        if let Some(OpenHop { hop, .. }) = trace.hop.as_deref_mut() {
            hop.request = String::from_utf8_lossy(&head).into_owned();
            hop.request_body_bytes = body_bytes;
        }
        let stream = Spelt::new(stream, head);
        let handshake = client(self.most()).handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| explain(&error, seen))?;
        let conversation = pin!(async {
            let response = sender.send_request(request).await;
            let response = response.map_err(|error| explain(&error, seen))?;
            let begun_at = *seen.first_byte.get_or_init(Instant::now);
            trace.phases.processing_seconds = Some((begun_at - begun).as_secs_f64());
            let received = self.receive(response, seen, answer, trace).await;
            if received.is_ok() {
                trace.phases.transfer_seconds = Some(begun_at.elapsed().as_secs_f64());
            }
            received
        });
        // The connection moves the bytes; what becomes of them is told to the conversation.
        let (told, ended) = match select(conversation, pin!(connection)).await {
            Either::Left((told @ Err(Failure::NoAnswer(None)), connection)) => {
                (told, connection.await)
            }
            Either::Left((told, _)) => return told,
            Either::Right((ended, conversation)) => (conversation.await, ended),
        };
        match (told, ended) {
            // What comes before the request is taken, as a refusal in TLS 1.3 may, is told to the connection alone.
            (Err(Failure::NoAnswer(None)), Err(error)) => Err(explain(&error, seen)),
            (told, _) => told,
        }
    }

    async fn receive(
        &self,
        response: Response<Incoming>,
        seen: &Seen,
        answer: &mpsc::Sender<Piece>,
        trace: &mut Trace,
    ) -> Result<String, Failure> {
        let (head, body) = response.into_parts();
        let begin = seen.begin();
        if let Some((HttpFault::NoColon, _)) = Heads::read(&begin).flaw() {
            return Err(fault::failure(seen, None));
        }
        seen.understood(if self.asked.return_body { RETURNED_HEAD_BYTES } else { Begin::BYTES });
        let status = head.status.as_u16();
        trace.stage = Stage::Transfer;
        trace.details.http = Some(hints::details(&head));
        if head.status.is_redirection() {
            let location = head.headers.get(LOCATION);
            trace.redirect = location.map(|location| (status, location.as_bytes().to_vec()));
        }
        let shown = (self.asked.return_body && !self.is_passed_over(&head)).then_some(answer);
        if self.asked.return_body {
            let head = Head::new(&head, &begin);
            if let Some(OpenHop { hop, .. }) = trace.hop.as_deref_mut() {
                hop.head_bytes = head.bytes.len() as u64;
            }
            send(answer, Piece::Head(head)).await;
        }
        let trailers = self.read(body, status, shown, trace).await?;
        if let Some(OpenHop { hop, .. }) = trace.hop.as_deref_mut().filter(|_| shown.is_some()) {
            let whole = seen.whole();
            hop.trailers = STANDARD.encode(head::trailers(&trailers, whole.as_deref()));
        }
        Ok(format!("HTTP status {status}"))
    }

    /// Reads `body` to its end or to the limit of the request, and sends it on to `answer`. Returns what stands behind it.
    async fn read(
        &self,
        mut body: Incoming,
        status: u16,
        answer: Option<&mpsc::Sender<Piece>>,
        trace: &mut Trace,
    ) -> Result<HeaderMap, Failure> {
        let mut trailers = HeaderMap::new();
        let limit = self.asked.max_body_bytes.unwrap_or(u64::MAX);
        let mut searches: Vec<Search<'_>> =
            self.asked.find.iter().map(|t| Search::new(t)).collect();
        let texts = hints::texts(status, self.tls.is_some());
        let mut hints: Vec<Search<'_>> = texts.iter().map(|text| Search::new(text)).collect();
        let (mut body_bytes, mut truncated) = (0_u64, false);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| unfinished(&error, body_bytes))?;
            let mut data = match frame.into_data() {
                Ok(data) => data,
                Err(frame) => {
                    trailers = frame.into_trailers().unwrap_or_default();
                    continue;
                }
            };
            let left = limit - body_bytes;
            if data.len() as u64 > left {
                data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                truncated = true;
            }
            body_bytes += data.len() as u64;
            for search in searches.iter_mut().chain(&mut hints) {
                search.push(&data);
            }
            if hints.iter().any(|hint| hint.found().is_some()) {
                hints::take(&mut trace.details);
            }
            let found = searches.iter().filter_map(Search::found).map(str::to_owned).collect();
            let details = trace.details.http.get_or_insert_default();
            *details = HttpDetails { body_bytes, truncated, found, ..mem::take(details) };
            while let Some(answer) = answer.filter(|_| !data.is_empty()) {
                send(answer, Piece::Body(data.split_to(data.len().min(PIECE_BYTES)))).await;
            }
            if truncated {
                break;
            }
        }
        Ok(trailers)
    }
}

impl Prober for Http {
    fn prepare(&self, machine: &Machine) {
        if let Some(tls) = &self.tls {
            tls.prepare(&machine.trust);
        }
    }

    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        follow::ask(self, context, trace).boxed()
    }

    /// Many servers close without a word when plain HTTP comes to a port of TLS: asked in TLS, they answer.
    fn look_closer<'a>(
        &'a self,
        context: Context<'a>,
        failure: &'a Failure,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, ()> {
        async move {
            let asked = &trace.at.as_deref().unwrap_or(context.check).ask;
            let (Protocol::Http, Some(port)) = (asked.protocol(), asked.port()) else { return };
            let (Failure::NoAnswer(_), Some(address)) = (failure, trace.address) else { return };
            if let Ok(stream) = TcpStream::connect((address, port)).await {
                trace.details.speaks = tls::is_spoken(stream, &context.machine.trust).await;
            }
        }
        .boxed()
    }
}

/// Reads heads of `most` bytes, and takes what curl takes: a line that curl does not take is looked for in what was seen.
fn client(most: usize) -> http1::Builder {
    let mut client = http1::Builder::new();
    client
        .max_buf_size(most + PIECE_BYTES)
        .max_headers(fault::MAX_FIELDS)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true);
    client
}

/// A receiver that is gone has ended the run; this attempt ends with it.
async fn send(answer: &mpsc::Sender<Piece>, piece: Piece) {
    let _ = answer.send(piece).await;
}

fn explain(error: &hyper::Error, seen: &Seen) -> Failure {
    if let Some(error) = tls_cause(error) {
        return Failure::Tls(error);
    }
    let cause = io_cause(error);
    if seen.is_empty() { Failure::NoAnswer(cause) } else { fault::failure(seen, cause) }
}

/// Why a body of which `body_bytes` came has no end: it broke off, or its chunks make no sense.
fn unfinished(error: &hyper::Error, body_bytes: u64) -> Failure {
    if let Some(error) = tls_cause(error) {
        return Failure::Tls(error);
    }
    let malformed = [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData];
    if source(error).is_some_and(|cause| malformed.contains(&cause.kind())) {
        return Failure::Answer {
            observation: Observation::NotHttp,
            message: format!(
                "the chunks of the body, or what stands behind them, make no sense after {body_bytes} bytes"
            ),
            error: None,
        };
    }
    let error = io_cause(error);
    let how =
        error.as_ref().map_or_else(|| "closed".to_owned(), |error| format!("broke off ({error})"));
    Failure::Answer {
        observation: Observation::CutShort,
        message: format!("the peer {how} after {body_bytes} bytes, before the end of the body"),
        error,
    }
}

fn source(error: &hyper::Error) -> Option<&io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// The error of TLS under `error`, if there is one: in TLS 1.3 a server refuses a client without a certificate only after
/// the handshake, when its answer is read.
fn tls_cause(error: &hyper::Error) -> Option<io::Error> {
    let cause = source(error)?;
    let inner = cause.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(io::Error::new(cause.kind(), inner.clone()))
}

/// The socket error under `error`, if there is one.
fn io_cause(error: &hyper::Error) -> Option<io::Error> {
    source(error)?.raw_os_error().map(io::Error::from_raw_os_error)
}

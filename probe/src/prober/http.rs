//! One HTTP/1.1 request on an established connection. Redirects are answers, not instructions.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kubectl_pods_report::{Check, HttpRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::failure::Failure;
use super::head::Head;
use super::observed::{Observed, Seen};
use super::search::Search;
use super::{Stage, Trace};
use crate::plan::CheckedCheck;

/// Most that is held of an answer: its head must fit, its body passes through.
const BUFFER_BYTES: usize = 64 * 1024;

/// Largest piece of a body that is sent on. In base64 it stays below the 16 KiB at which container runtimes cut log lines.
const PIECE_BYTES: usize = 8 * 1024;

/// Status range that is a success unless the check says otherwise.
const SUCCESS: (u16, u16) = (200, 399);

/// A part of an answer that is to be returned.
pub(crate) enum Piece {
    Head(Head),
    Body(Bytes),
}

/// Sends the request of `checked`, reads the answer, and holds it against what is expected.
pub(super) async fn exchange<S>(
    stream: S,
    checked: &CheckedCheck,
    answer: &mpsc::Sender<Piece>,
    trace: &mut Trace,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(request) = checked.request.clone() else {
        unreachable!("a checked HTTP check has its request")
    };
    trace.stage = Stage::Processing;
    let begun = Instant::now();
    let seen = Arc::new(Seen::new(if is_returned(&checked.check) { BUFFER_BYTES } else { 0 }));
    let stream = TokioIo::new(Observed { stream, seen: Arc::clone(&seen) });
    let mut client = http1::Builder::new();
    client.max_buf_size(BUFFER_BYTES).title_case_headers(true);
    let (mut sender, connection) =
        client.handshake::<_, Full<Bytes>>(stream).await.map_err(|error| explain(&error))?;
    let conversation = pin!(async {
        let response = sender.send_request(request).await.map_err(|error| explain(&error))?;
        let begun_at = *seen.first_byte.get_or_init(Instant::now);
        trace.phases.processing_seconds = Some((begun_at - begun).as_secs_f64());
        let received = receive(response, &seen, checked, answer, trace).await;
        if received.is_ok() {
            trace.phases.transfer_seconds = Some(begun_at.elapsed().as_secs_f64());
        }
        received
    });
    // The connection moves the bytes; what becomes of them is told to the conversation.
    match select(conversation, pin!(connection)).await {
        Either::Left((result, _)) => result,
        Either::Right((_, conversation)) => conversation.await,
    }
}

async fn receive(
    response: Response<Incoming>,
    seen: &Seen,
    checked: &CheckedCheck,
    answer: &mpsc::Sender<Piece>,
    trace: &mut Trace,
) -> Result<(), Failure> {
    let check = &checked.check;
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    trace.stage = Stage::Transfer;
    trace.http_status = Some(status);
    let returned = is_returned(check);
    let accepted = is_accepted(check, status, returned);
    if returned {
        send(answer, Piece::Head(Head::new(&head, &seen.begin()))).await;
    } else if !accepted {
        return Err(Failure::Status(status));
    }
    let found = read(body, check, returned.then_some(answer), trace).await?;
    match (accepted, found) {
        (false, _) => Err(Failure::Status(status)),
        (true, false) => Err(Failure::Body),
        (true, true) => Ok(()),
    }
}

/// Reads `body` to its end or to the limit of the check, and tells whether the expected text is in it.
async fn read(
    mut body: Incoming,
    check: &Check,
    answer: Option<&mpsc::Sender<Piece>>,
    trace: &mut Trace,
) -> Result<bool, Failure> {
    let limit =
        check.http.as_ref().and_then(|http: &HttpRequest| http.max_body_bytes).unwrap_or(u64::MAX);
    let mut search = Search::new(check.expect.body_contains.as_deref().unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(|error| cut_short(&error))?.into_data() else { continue };
        let left = limit - trace.body_bytes;
        if data.len() as u64 > left {
            data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            trace.truncated = true;
        }
        trace.body_bytes += data.len() as u64;
        search.push(&data);
        while let Some(answer) = answer.filter(|_| !data.is_empty()) {
            send(answer, Piece::Body(data.split_to(data.len().min(PIECE_BYTES)))).await;
        }
        if trace.truncated {
            break;
        }
    }
    Ok(search.found())
}

/// A receiver that is gone has ended the run; this attempt ends with it.
async fn send(answer: &mpsc::Sender<Piece>, piece: Piece) {
    let _ = answer.send(piece).await;
}

fn is_returned(check: &Check) -> bool {
    check.http.as_ref().is_some_and(|http| http.return_body)
}

fn is_accepted(check: &Check, status: u16, returned: bool) -> bool {
    let holds = |(low, high): &(u16, u16)| (*low..=*high).contains(&status);
    match check.expect.statuses.as_slice() {
        [] => returned || holds(&SUCCESS),
        ranges => ranges.iter().any(holds),
    }
}

fn explain(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        return Failure::NotHttp(error.to_string());
    }
    Failure::NoAnswer(io_cause(error))
}

fn cut_short(error: &hyper::Error) -> Failure {
    Failure::CutShort(io_cause(error))
}

/// The socket error under `error`, if there is one.
fn io_cause(error: &hyper::Error) -> Option<io::Error> {
    let cause = std::error::Error::source(error)?.downcast_ref::<io::Error>()?;
    cause.raw_os_error().map(io::Error::from_raw_os_error)
}

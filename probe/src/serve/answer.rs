//! Requests and their answers.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::Full;
use prometheus::{Encoder, TextEncoder};

use super::App;

const TEXT: &str = "text/plain; charset=utf-8";

/// The answer to `request`, whose body is of no interest.
pub(super) fn answer<B>(app: &App, request: &Request<B>) -> Response<Full<Bytes>> {
    let read_only = matches!(*request.method(), Method::GET | Method::HEAD);
    match (request.uri().path(), read_only) {
        ("/metrics", true) => metrics(app),
        ("/results", true) => results(app),
        ("/readyz", true) if app.is_draining() => {
            respond(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n")
        }
        ("/healthz" | "/readyz", true) => respond(StatusCode::OK, TEXT, "ok\n"),
        ("/metrics" | "/results" | "/healthz" | "/readyz", false) => {
            let answer = respond(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n");
            with(answer, ALLOW, "GET, HEAD")
        }
        _ => respond(
            StatusCode::NOT_FOUND,
            TEXT,
            "there are /metrics, /results, /healthz and /readyz\n",
        ),
    }
}

fn metrics(app: &App) -> Response<Full<Bytes>> {
    let mut text = Vec::new();
    match TextEncoder::new().encode(&app.gather(), &mut text) {
        Ok(()) => respond(StatusCode::OK, prometheus::TEXT_FORMAT, text),
        Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
    }
}

fn results(app: &App) -> Response<Full<Bytes>> {
    match serde_json::to_vec(&app.results()) {
        Ok(json) => {
            with(respond(StatusCode::OK, "application/json", json), CACHE_CONTROL, "no-store")
        }
        Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
    }
}

fn respond(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    with(response, CONTENT_TYPE, kind)
}

fn with(
    mut response: Response<Full<Bytes>>,
    name: HeaderName,
    value: &'static str,
) -> Response<Full<Bytes>> {
    response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    response
}

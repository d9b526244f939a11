//! What an answer says of itself beside its status: who gave it, where to go instead, and that another way of asking was
//! expected.

use http::HeaderMap;
use http::header::{HeaderName, LOCATION, SERVER};
use http::response::Parts;
use kubectl_pods_report::{Details, HttpDetails, Spoken, TlsFault};

use crate::text::printable_part;

/// In answers to plain HTTP at a port of TLS: nginx, Go, Apache httpd, Tomcat.
const PLAIN_TO_TLS: [&str; 4] = [
    "The plain HTTP request was sent to HTTPS port",
    "Client sent an HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
    "This combination of host and port requires TLS",
];

/// In answers to clients without a certificate: nginx.
const NO_CERTIFICATE: [&str; 1] = ["No required SSL certificate was sent"];

/// What the head of an answer has to say.
pub(super) fn details(head: &Parts) -> HttpDetails {
    HttpDetails {
        status: head.status.as_u16(),
        server: field(&head.headers, &SERVER, 40),
        location: field(&head.headers, &LOCATION, 100),
        ..HttpDetails::default()
    }
}

/// Texts that are worth looking for in the body of an answer with this status.
pub(super) const fn texts(status: u16, over_tls: bool) -> &'static [&'static str] {
    match (status, over_tls) {
        (400, false) => &PLAIN_TO_TLS,
        (400, true) => &NO_CERTIFICATE,
        _ => &[],
    }
}

/// Notes that one of [`texts`] was found.
pub(super) fn take(details: &mut Details) {
    match &mut details.tls {
        Some(tls) => tls.fault = Some(TlsFault::ClientCertificate),
        None => details.speaks = Some(Spoken::Tls),
    }
}

fn field(headers: &HeaderMap, name: &HeaderName, max_chars: usize) -> Option<String> {
    let value = headers.get(name)?;
    Some(printable_part(&String::from_utf8_lossy(value.as_bytes()), max_chars))
}

//! Why the API server could not be reached or trusted, in the words of Go's `net` and `crypto/tls`,
//! which kubectl passes on.

use std::{error::Error, fs, io, iter, time::Duration};

use http_body_util::LengthLimitError;
use hyper_util::client::legacy;
use rustls::{CertificateError, pki_types::UnixTime};
use tower_http::timeout::TimeoutError;

use super::{authentication::NoCredentials, silence::Silence};
use crate::go;

/// kubectl's line for an error of the transport; `host` is the API server's `host:port`.
pub(super) fn text(error: &(dyn Error + 'static), host: &str) -> String {
    let causes: Vec<&(dyn Error + 'static)> = iter::successors(Some(error), cause).collect();
    if causes.iter().any(|cause| io_kind(*cause) == Some(io::ErrorKind::ConnectionRefused)) {
        return format!(
            "The connection to the server {host} was refused - did you specify the right host or port?"
        );
    }
    let reason = causes
        .iter()
        .rev()
        .find_map(|cause| known_reason(*cause, host))
        .or_else(|| causes.iter().find_map(|cause| dns_reason(*cause, host)))
        .unwrap_or_else(|| causes.last().map_or_else(String::new, ToString::to_string));
    format!("Unable to connect to the server: {reason}")
}

/// Whether there was no connection that could carry a request, or nobody to send it as.
pub(super) fn is_unsent(error: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(error), cause).any(|cause| {
        let no_connection = cause.downcast_ref().is_some_and(legacy::Error::is_connect);
        no_connection || cause.is::<NoCredentials>()
    })
}

/// The error behind an error. An [`io::Error`] that wraps one hides it from `source`.
fn cause<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let error: &'a (dyn Error + 'static) = *error;
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

fn known_reason(error: &(dyn Error + 'static), host: &str) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls_reason(tls));
    }
    if error.is::<tower::timeout::error::Elapsed>() {
        return Some(String::from("net/http: TLS handshake timeout"));
    }
    if error.is::<LengthLimitError>() {
        return Some(String::from("what it says about a failure is too long to be read"));
    }
    if error.is::<TimeoutError>() {
        return Some(String::from("what it says about a failure stops in the middle"));
    }
    if let Some(silence) = error.downcast_ref::<Silence>() {
        return Some(silence.to_string());
    }
    let Some(io) = error.downcast_ref::<io::Error>() else {
        return error.to_string().contains("connection closed before").then(|| String::from("EOF"));
    };
    match io.kind() {
        // Only the kernel's own time-out has a number, and it comes when a connection that was there has gone dead.
        io::ErrorKind::TimedOut if io.raw_os_error().is_some() => {
            Some(format!("read tcp {host}: read: connection timed out"))
        }
        io::ErrorKind::TimedOut => Some(format!("dial tcp {host}: i/o timeout")),
        // A compressed answer ended in the middle; where TLS ended, rustls adds words of its own.
        io::ErrorKind::UnexpectedEof if io.get_ref().is_none() => {
            Some(String::from("unexpected EOF"))
        }
        io::ErrorKind::UnexpectedEof => Some(String::from("EOF")),
        io::ErrorKind::InvalidData => Some(format!("gzip: {io}")),
        io::ErrorKind::ConnectionReset => {
            Some(format!("read tcp {host}: read: connection reset by peer"))
        }
        _ if io.raw_os_error().is_some() => {
            Some(format!("dial tcp {host}: connect: {}", go::errno(io)))
        }
        _ => None,
    }
}

/// A name that has no address. Go also names the DNS server that said so.
fn dns_reason(error: &(dyn Error + 'static), host: &str) -> Option<String> {
    if !error.to_string().starts_with("dns error") {
        return None;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let server = fs::read_to_string("/etc/resolv.conf").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix("nameserver "))?;
        Some(format!(" on {}:53", line.trim()))
    });
    Some(format!("dial tcp: lookup {name}{}: no such host", server.unwrap_or_default()))
}

fn tls_reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            format!("tls: failed to verify certificate: x509: {}", certificate_reason(reason))
        }
        rustls::Error::InvalidMessage(_) => {
            String::from("http: server gave HTTP response to HTTPS client")
        }
        other => format!("tls: {other}"),
    }
}

fn certificate_reason(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => String::from("certificate signed by unknown authority"),
        CertificateError::NotValidForNameContext { expected, presented } => {
            wrong_name(&expected.to_str(), presented)
        }
        CertificateError::ExpiredContext { time, not_after } => outside(*time, "after", *not_after),
        CertificateError::NotValidYetContext { time, not_before } => {
            outside(*time, "before", *not_before)
        }
        other => other.to_string(),
    }
}

/// rustls lists names as `DnsName("a")` and `IpAddress(10.0.0.1)`.
fn wrong_name(expected: &str, presented: &[String]) -> String {
    let names = |kind: &str| -> Vec<&str> {
        let names = presented.iter().filter_map(|name| name.strip_prefix(kind));
        names.map(|name| name.trim_matches(['(', ')', '"'])).collect()
    };
    let is_address = expected.parse::<std::net::IpAddr>().is_ok();
    let valid = names(if is_address { "IpAddress" } else { "DnsName" });
    match (valid.is_empty(), is_address) {
        (true, true) => format!(
            "cannot validate certificate for {expected} because it doesn't contain any IP SANs"
        ),
        (true, false) => {
            format!("certificate is not valid for any names, but wanted to match {expected}")
        }
        _ => format!("certificate is valid for {}, not {expected}", valid.join(", ")),
    }
}

fn outside(now: UnixTime, side: &str, limit: UnixTime) -> String {
    let stamp = |time: UnixTime| {
        let since = jiff::SignedDuration::try_from(Duration::from_secs(time.as_secs()));
        since
            .ok()
            .and_then(|since| jiff::Timestamp::from_duration(since).ok())
            .map_or_else(String::new, |time| time.to_string())
    };
    format!(
        "certificate has expired or is not yet valid: current time {} is {side} {}",
        stamp(now),
        stamp(limit)
    )
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    fn certificate(reason: CertificateError) -> String {
        let error = rustls::Error::InvalidCertificate(reason);
        text(&io::Error::new(io::ErrorKind::InvalidData, error), "c:6443")
    }

    #[test]
    fn certificates() {
        let prefix = "Unable to connect to the server: tls: failed to verify certificate: x509: ";
        let name = |expected: &str, presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from(expected.to_owned()).unwrap(),
            presented: presented.iter().map(ToString::to_string).collect(),
        };
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let cases = [
            (CertificateError::UnknownIssuer, "certificate signed by unknown authority"),
            (
                name("foo.example", &["DnsName(\"a\")", "DnsName(\"b\")", "IpAddress(10.0.0.1)"]),
                "certificate is valid for a, b, not foo.example",
            ),
            (
                name("10.0.0.2", &["DnsName(\"a\")"]),
                "cannot validate certificate for 10.0.0.2 because it doesn't contain any IP SANs",
            ),
            (
                CertificateError::ExpiredContext { time: time(86_400), not_after: time(0) },
                "certificate has expired or is not yet valid: current time 1970-01-02T00:00:00Z is after 1970-01-01T00:00:00Z",
            ),
        ];
        for (reason, expected) in cases {
            assert_eq!(certificate(reason), format!("{prefix}{expected}"));
        }
    }

    #[test]
    fn connections() {
        let cases = [
            (
                io::Error::from_raw_os_error(111),
                "The connection to the server c:6443 was refused - did you specify the right host or port?",
            ),
            (
                io::Error::from_raw_os_error(113),
                "Unable to connect to the server: dial tcp c:6443: connect: no route to host",
            ),
            (
                io::Error::from_raw_os_error(110),
                "Unable to connect to the server: read tcp c:6443: read: connection timed out",
            ),
            (
                io::Error::from(io::ErrorKind::TimedOut),
                "Unable to connect to the server: dial tcp c:6443: i/o timeout",
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(text(&error, "c:6443"), expected);
        }
    }
}

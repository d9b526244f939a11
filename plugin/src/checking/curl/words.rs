//! What is wrong, in curl's words and numbers (lib/strerror.c and the calls of `failf` in lib/).

use kubectl_pods_report::{Attempt, Hop, NotFollowed, Observation, Phases, TlsDetails, TlsFault};

use super::{malformed, openssl, request::max_redirects};
use crate::{
    cli::RequestArgs,
    launch::{Exchange, Head},
};

const EMPTY_REPLY: &str = "Empty reply from server";

/// What curl would complain of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Its exit code.
    pub code: u8,
    /// Its words.
    pub words: String,
    /// A whole answer came, and it is that which is wrong.
    pub is_of_answer: bool,
}

/// What an attempt means to curl.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// An answer.
    Fine,
    /// Trouble that curl knows.
    Trouble(Trouble),
    /// It says nothing about the target.
    Unknown,
}

/// What curl would make of `attempt`, of whose requests `last` was the last. `is_cut`: more of the body came than was
/// wanted.
pub(super) fn verdict(
    attempt: &Attempt,
    last: Option<&Exchange>,
    args: &RequestArgs,
    is_cut: bool,
) -> Verdict {
    let (failed, is_of_answer) = match attempt.observation {
        Observation::Open => (answered(attempt, last, args, is_cut), true),
        _ => (unanswered(attempt, last), false),
    };
    match failed {
        Failed::Not => Verdict::Fine,
        Failed::So(code, words) => Verdict::Trouble(Trouble { code, words, is_of_answer }),
        Failed::Unknown => Verdict::Unknown,
    }
}

enum Failed {
    Not,
    So(u8, String),
    Unknown,
}

fn answered(
    attempt: &Attempt,
    last: Option<&Exchange>,
    args: &RequestArgs,
    is_cut: bool,
) -> Failed {
    let not_followed = last.and_then(|exchange| exchange.hop.not_followed.as_ref());
    let status = attempt.http().map_or(0, |http| http.status);
    match not_followed {
        Some(NotFollowed::TooMany) => {
            let max = max_redirects(args);
            Failed::So(47, format!("Maximum ({max}) redirects followed"))
        }
        Some(NotFollowed::Scheme(scheme)) => {
            Failed::So(1, format!("Protocol \"{scheme}\" not supported or disabled in libcurl"))
        }
        Some(NotFollowed::BadLocation(_)) => {
            Failed::So(3, "URL using bad/illegal format or missing URL".to_owned())
        }
        None if args.fail && status >= 400 => {
            Failed::So(22, format!("The requested URL returned error: {status}"))
        }
        None if is_cut => Failed::So(63, "Maximum file size exceeded".to_owned()),
        None => Failed::Not,
    }
}

fn unanswered(attempt: &Attempt, last: Option<&Exchange>) -> Failed {
    let unknown = Hop::default();
    let hop = last.map_or(&unknown, |exchange| &exchange.hop);
    let head = last.and_then(|exchange| exchange.head.as_ref());
    let reset = attempt.evidence.errno.as_deref() == Some("ECONNRESET");
    let said = |code, words: &str| Failed::So(code, words.to_owned());
    match attempt.observation {
        Observation::Open => Failed::Not,
        Observation::DnsNxdomain
        | Observation::DnsNodata
        | Observation::DnsServfail
        | Observation::DnsTimeout => said(6, &format!("Could not resolve host: {}", hop.host)),
        Observation::Refused
        | Observation::Rejected
        | Observation::NoRoute
        | Observation::WrongPeer
        | Observation::Stopped
        | Observation::Absent => said(7, &unconnected(hop, "Couldn't connect to server")),
        Observation::Dropped => said(28, &unconnected(hop, "Timeout was reached")),
        Observation::Stalled => said(28, &stalled(attempt, hop, head)),
        Observation::NotHttp => {
            let (code, words) =
                malformed::complaint(&attempt.details, hop.head_bytes, head.map_or(0, Head::count));
            Failed::So(code, words)
        }
        Observation::CutShort | Observation::EmptyReply if reset => {
            said(56, "Recv failure: Connection reset by peer")
        }
        Observation::CutShort if attempt.http().is_none() => cut_head(attempt, head),
        Observation::CutShort => said(18, &cut_short(attempt, head)),
        Observation::EmptyReply => said(52, EMPTY_REPLY),
        Observation::TlsHandshake => handshake(attempt, hop),
        Observation::TlsCertificate => said(60, &certificate(attempt, hop)),
        // No request of curl's comes to these two.
        Observation::Silent
        | Observation::NotServing
        | Observation::Starved
        | Observation::NotRun => Failed::Unknown,
    }
}

fn unconnected(hop: &Hop, why: &str) -> String {
    let milliseconds = milliseconds(hop.took_seconds);
    format!("Failed to connect to {} port {} after {milliseconds} ms: {why}", hop.host, hop.port)
}

fn milliseconds(seconds: f64) -> u128 {
    std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default().as_millis()
}

fn stalled(attempt: &Attempt, hop: &Hop, head: Option<&Head>) -> String {
    let after = milliseconds(attempt.total_seconds);
    let is_in_tls = matches!((&hop.tls, hop.phases), (Some(_), Phases { tls_seconds: None, .. }));
    if is_in_tls {
        return format!("Connection timed out after {after} milliseconds");
    }
    let received = attempt.http().map_or(0, |http| http.body_bytes);
    match head.and_then(content_length) {
        Some(length) => format!(
            "Operation timed out after {after} milliseconds with {received} out of {length} bytes received"
        ),
        None => {
            format!("Operation timed out after {after} milliseconds with {received} bytes received")
        }
    }
}

/// In the middle of a head. curl 7.88 is content with the lines that came, unless they announce a body.
fn cut_head(attempt: &Attempt, head: Option<&Head>) -> Failed {
    match head {
        Some(head) if head.status >= 200 => {
            let is_announced = ["Content-Length", "Transfer-Encoding"]
                .iter()
                .any(|name| head.field(name).is_some());
            if is_announced { Failed::So(18, cut_short(attempt, Some(head))) } else { Failed::Not }
        }
        _ => Failed::So(52, EMPTY_REPLY.to_owned()),
    }
}

fn cut_short(attempt: &Attempt, head: Option<&Head>) -> String {
    let received = attempt.http().map_or(0, |http| http.body_bytes);
    match head.and_then(content_length) {
        Some(length) => {
            let left = length.saturating_sub(received);
            format!("transfer closed with {left} bytes remaining to read")
        }
        None => "transfer closed with outstanding read data remaining".to_owned(),
    }
}

fn content_length(head: &Head) -> Option<u64> {
    head.field("Content-Length")?.trim().parse().ok()
}

/// TLS that failed, but for its certificate. In TLS 1.3 a server may refuse a client after the handshake, as it sees it.
fn handshake(attempt: &Attempt, hop: &Hop) -> Failed {
    let unknown = TlsDetails::default();
    let tls = attempt.details.tls.as_ref().unwrap_or(&unknown);
    let is_done = hop.phases.tls_seconds.is_some();
    match (openssl::error(tls), tls.alert) {
        (Some(error), _) if is_done => {
            Failed::So(56, format!("OpenSSL SSL_read: {error}, errno 0"))
        }
        // What is said of a certificate of ours curl takes for news of the server's.
        (_, Some(45)) => Failed::So(60, "SSL certificate verification failed".to_owned()),
        (Some(error), Some(116)) => Failed::So(98, error),
        (Some(error), _) => Failed::So(35, error),
        (None, None) if is_closed(tls) => {
            if attempt.evidence.errno.as_deref() == Some("ECONNRESET") {
                return Failed::So(35, "Recv failure: Connection reset by peer".to_owned());
            }
            let (host, port, why) = (&hop.host, hop.port, "SSL_ERROR_SYSCALL");
            Failed::So(35, format!("OpenSSL SSL_connect: {why} in connection to {host}:{port} "))
        }
        (None, _) => Failed::So(35, "SSL connect error".to_owned()),
    }
}

/// Without a word: where the server had asked for a certificate, that is known to be why.
const fn is_closed(tls: &TlsDetails) -> bool {
    matches!(tls.fault, Some(TlsFault::Closed | TlsFault::ClientCertificate))
}

fn certificate(attempt: &Attempt, hop: &Hop) -> String {
    let unknown = TlsDetails::default();
    let tls = attempt.details.tls.as_ref().unwrap_or(&unknown);
    if tls.fault == Some(TlsFault::OtherNames) {
        let host = if hop.host.is_empty() { &tls.server_name } else { &hop.host };
        return format!(
            "SSL: no alternative certificate subject name matches target host name '{host}'"
        );
    }
    format!("SSL certificate problem: {}", openssl::verification(tls).1)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Check, Details, Evidence, Facts, HttpDetails};

    use super::*;

    fn trouble(facts: Facts, exchange: &Exchange) -> (u8, String) {
        let attempt = Attempt::new(&Check::new(0, "web", "web", Ask::tcp(80)), facts);
        let args = crate::cli::RequestArgs::default();
        match verdict(&attempt, Some(exchange), &args, false) {
            Verdict::Trouble(Trouble { code, words, .. }) => (code, words),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_certificate_has_openssls_words() {
        let cases = [
            (TlsFault::Expired, "SSL certificate problem: certificate has expired"),
            (
                TlsFault::UnknownIssuer,
                "SSL certificate problem: unable to get local issuer certificate",
            ),
            (
                TlsFault::OtherNames,
                "SSL: no alternative certificate subject name matches target host name 'web.shop'",
            ),
            (
                TlsFault::Unacceptable,
                "SSL certificate problem: unspecified certificate verification error",
            ),
        ];
        for (fault, words) in cases {
            let tls = kubectl_pods_report::TlsDetails {
                server_name: "web.shop".into(),
                fault: Some(fault),
                ..Default::default()
            };
            let details = Details { tls: Some(tls), ..Details::default() };
            let facts = Facts { details, ..Facts::new(Observation::TlsCertificate, "") };
            assert_eq!(trouble(facts, &Exchange::default()), (60, words.to_owned()));
        }
    }

    #[test]
    fn a_body_without_an_end_says_what_is_missing() {
        let http = HttpDetails { status: 200, body_bytes: 5, ..HttpDetails::default() };
        let details = Details { http: Some(http), ..Details::default() };
        let facts = || Facts { details: details.clone(), ..Facts::new(Observation::CutShort, "") };
        let headers = vec![("content-length".to_owned(), "100".to_owned())];
        let head = Some(Head { headers, ..Head::default() });
        let told = Exchange { head, ..Exchange::default() };
        let (code, words) = trouble(facts(), &told);
        assert_eq!((code, &*words), (18, "transfer closed with 95 bytes remaining to read"));
        let (code, words) = trouble(facts(), &Exchange::default());
        assert_eq!((code, &*words), (18, "transfer closed with outstanding read data remaining"));
        let errno = Some("ECONNRESET".to_owned());
        let evidence = Evidence { errno, ..Evidence::default() };
        let (code, words) = trouble(Facts { evidence, ..facts() }, &told);
        assert_eq!((code, &*words), (56, "Recv failure: Connection reset by peer"));
    }
}

//! `-v`: what was sent and received, and how the connection came about, in curl's lines. Every request has a connection of
//! its own, so there is none to be used again.

use std::net::{IpAddr, SocketAddr};

use kubectl_pods_report::{Hop, NotFollowed, Observation, TlsDetails, TlsFault};

use super::{Told, openssl};
use crate::launch::{Exchange, Head};

/// The lines, without line breaks.
pub(super) fn lines(told: &Told<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before: Option<&Exchange> = None;
    for (number, exchange) in told.exchanges.iter().enumerate() {
        if let Some(before) = before {
            lines.extend(redirected(before, &exchange.hop, told.asked.args.location_trusted));
        }
        let is_last = number + 1 == told.exchanges.len();
        connection(told, &exchange.hop, number, is_last, &mut lines);
        requested(told, &exchange.hop, &mut lines);
        if let Some(head) = &exchange.head {
            lines.extend(received(head));
        }
        let words = told.trouble().filter(|trouble| is_last && !trouble.is_of_answer);
        lines.extend(words.map(|trouble| format!("* {}", trouble.words)));
        lines.push(format!("* Closing connection {number}"));
        before = Some(exchange);
    }
    lines.extend(not_followed(told));
    lines
}

/// The head as it came. curl leaves out the empty lines between informational ones.
fn received(head: &Head) -> Vec<String> {
    let mut lines: Vec<String> = head.lines().collect();
    let end = lines.pop();
    let lines = lines.into_iter().filter(|line| !line.is_empty()).chain(end);
    lines.map(|line| format!("< {line}")).collect()
}

/// What is said between two requests.
fn redirected(before: &Exchange, hop: &Hop, is_trusted: bool) -> Vec<String> {
    let method = |hop: &Hop| hop.request.split(' ').next().unwrap_or_default().to_owned();
    let had_body = before.hop.request_body_bytes > 0 && hop.request_body_bytes == 0;
    let status = before.head.as_ref().map_or(0, |head| head.status);
    let switch = match status {
        303 if had_body => Some("* Switch to GET".to_owned()),
        301 | 302 if had_body => Some("* Switch from POST to GET".to_owned()),
        303 if method(&before.hop) == "HEAD" => Some("* Switch to HEAD".to_owned()),
        _ => None,
    };
    let is_elsewhere = !is_trusted && before.hop.port != hop.port;
    let cleared = is_elsewhere.then(|| {
        format!("* Clear auth, redirects to port from {} to {}", before.hop.port, hop.port)
    });
    let again = format!("* Issue another request to this URL: '{}'", hop.url);
    cleared.into_iter().chain([again]).chain(switch).collect()
}

/// How the connection came about, as far as it did.
fn connection(told: &Told<'_>, hop: &Hop, number: usize, is_last: bool, lines: &mut Vec<String>) {
    let Some(address) = hop.address else { return };
    let (host, port) = (&hop.host, hop.port);
    lines.push(format!("*   Trying {}...", SocketAddr::new(address, port)));
    if hop.phases.connect_seconds.is_some() {
        lines.push(format!("* Connected to {host} ({address}) port {port} (#{number})"));
    } else if is_last {
        lines.extend(unconnected(told, address, port));
    }
    if let Some(tls) = &hop.tls {
        lines.extend(handshake(hop, tls));
    }
}

fn unconnected(told: &Told<'_>, address: IpAddr, port: u16) -> Option<String> {
    let why = match told.attempt.observation {
        Observation::Refused => "Connection refused",
        Observation::NoRoute => "No route to host",
        _ => return None,
    };
    Some(format!("* connect to {address} port {port} failed: {why}"))
}

/// What curl tells after the handshake. To it, a certificate for other names is accepted before its names are looked at.
fn handshake(hop: &Hop, tls: &TlsDetails) -> Vec<String> {
    let is_done = hop.phases.tls_seconds.is_some();
    if !is_done && tls.fault != Some(TlsFault::OtherNames) {
        return Vec::new();
    }
    let version = tls.version.as_ref();
    let mut lines: Vec<String> = version
        .map(|version| format!("* SSL connection using TLSv{version}"))
        .into_iter()
        .collect();
    if let Some(certificate) = &tls.certificate {
        let date = |seconds: i64| {
            let date = jiff::Timestamp::from_second(seconds).unwrap_or_default();
            date.strftime("%b %e %H:%M:%S %Y GMT").to_string()
        };
        lines.push("* Server certificate:".to_owned());
        lines.push(format!("*  subject: {}", certificate.subject));
        lines.push(format!("*  start date: {}", date(certificate.not_before_seconds)));
        lines.push(format!("*  expire date: {}", date(certificate.not_after_seconds)));
        lines.extend(is_done.then(|| format!("*  issuer: {}", certificate.issuer)));
    }
    if is_done {
        lines.push(match openssl::verification(tls) {
            (0, _) => "*  SSL certificate verify ok.".to_owned(),
            (number, words) => {
                format!("*  SSL certificate verify result: {words} ({number}), continuing anyway.")
            }
        });
    }
    lines
}

/// The head of the request.
fn requested(told: &Told<'_>, hop: &Hop, lines: &mut Vec<String>) {
    let Some(head) = hop.request.strip_suffix("\r\n") else { return };
    let user = told.asked.args.credentials.as_deref().and_then(|text| text.split(':').next());
    let is_basic = head.lines().any(|line| line.starts_with("Authorization: Basic "));
    if let Some(user) = user.filter(|_| is_basic) {
        lines.push(format!("* Server auth using Basic with user '{user}'"));
    }
    lines.extend(head.split("\r\n").map(|line| format!("> {line}")));
}

/// Why it ends with a redirect.
fn not_followed(told: &Told<'_>) -> Option<String> {
    match told.last()?.hop.not_followed.as_ref()? {
        NotFollowed::TooMany | NotFollowed::Scheme(_) => {
            told.trouble().map(|trouble| format!("* {}", trouble.words))
        }
        NotFollowed::BadLocation(what) => Some(format!("* The Location leads nowhere: {what}")),
    }
}

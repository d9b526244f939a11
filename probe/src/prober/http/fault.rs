//! What is wrong with an answer that cannot be read, told from its bytes: hyper's own words are for programmers.

use std::io;

use kubectl_pods_report::{HttpFault, Observation, Spoken};

use super::head::Heads;
use crate::prober::Trace;
use crate::prober::failure::Failure;
use crate::prober::observed::{Begin, Seen};

/// Most fields that a head may have.
pub(super) const MAX_FIELDS: usize = 1000;

/// Why `bytes` are no answer. `is_too_much`: more came than is read of one whose head does not end.
fn fault(heads: &Heads<'_>, is_too_much: bool) -> HttpFault {
    match heads.flaw() {
        Some((fault, _)) => fault,
        None if is_too_much || heads.lines.len() > MAX_FIELDS => HttpFault::HeadTooLarge,
        None if !heads.is_whole => HttpFault::HeadCut,
        None => HttpFault::Head,
    }
}

/// Why what `seen` saw of an answer is none; `error` is how it ended, if that was an error of the socket.
pub(super) fn failure(seen: &Seen, error: Option<io::Error>) -> Failure {
    let bytes = seen.begin();
    let heads = Heads::read(&bytes);
    let fault = fault(&heads, seen.is_too_much());
    let is_cut = fault == HttpFault::HeadCut;
    let observation = if is_cut { Observation::CutShort } else { Observation::NotHttp };
    let message = sentence(fault, &heads, bytes.len(), error.as_ref());
    Failure::Answer { observation, message, error }
}

/// Puts into `trace` what is wrong with what `seen` saw of an answer.
pub(super) fn note(seen: &Seen, trace: &mut Trace) {
    let bytes = seen.begin();
    let heads = Heads::read(&bytes);
    let fault = fault(&heads, seen.is_too_much());
    trace.details.http_fault = Some(fault);
    if matches!(fault, HttpFault::NotHttp | HttpFault::StatusLine) {
        // Of an answer without a flaw before it, these are all bytes.
        let line = heads.flaw().map(|(_, line)| line).filter(|_| heads.informational > 0);
        let begin = Begin::new(line.unwrap_or(&bytes));
        trace.details.first_bytes = Some(begin.text());
        trace.details.speaks = begin.speaks().filter(|spoken| *spoken != Spoken::Http);
    }
}

fn sentence(
    fault: HttpFault,
    heads: &Heads<'_>,
    received: usize,
    error: Option<&io::Error>,
) -> String {
    let line = heads.flaw().map(|(_, line)| Begin::new(line).text()).unwrap_or_default();
    let informational = heads.informational;
    let is_between = informational > 0 && heads.lines.is_empty();
    match fault {
        HttpFault::NotHttp | HttpFault::StatusLine => {
            "something answered that does not speak HTTP/1".to_owned()
        }
        HttpFault::NoColon => {
            format!("a line in the head of the answer has no colon: \"{line}\"")
        }
        HttpFault::Nul => format!("there is a NUL byte in the head of the answer: \"{line}\""),
        HttpFault::ContentLength => {
            format!("the length that the answer announces is no number: \"{line}\"")
        }
        HttpFault::HeadTooLarge if heads.informational_length > received / 2 => {
            format!("more than {informational} {INFORMATIONAL} came, and no other")
        }
        HttpFault::HeadTooLarge if heads.lines.len() > MAX_FIELDS => {
            format!("the head of the answer has more than {MAX_FIELDS} fields")
        }
        HttpFault::HeadTooLarge => {
            format!("the head of the answer did not end within {} KiB", received / 1024)
        }
        HttpFault::HeadCut => {
            let how =
                error.map_or_else(|| "closed".to_owned(), |error| format!("broke off ({error})"));
            if is_between && heads.rest.is_empty() {
                return format!(
                    "the peer {how} after {informational} {INFORMATIONAL}, without another"
                );
            }
            format!(
                "the peer {how} in the middle of the head of its answer, after {received} bytes"
            )
        }
        _ => "the head of the answer breaks the rules of HTTP/1".to_owned(),
    }
}

const INFORMATIONAL: &str = "informational answers (HTTP status 100 to 199)";

/// What came until time was over, in words.
pub(super) fn unfinished(bytes: &[u8]) -> String {
    let heads = Heads::read(bytes);
    if heads.informational > 0 && heads.lines.is_empty() {
        return format!("{} {INFORMATIONAL} came, and no other", heads.informational);
    }
    let begin = Begin::new(bytes).text();
    format!("an answer began (\"{begin}\"), and its head did not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_told_by_its_first_flaw() {
        let cases: [(&str, HttpFault); 16] = [
            ("SSH-2.0-OpenSSH_9.2\r\n", HttpFault::NotHttp),
            ("HTTX", HttpFault::NotHttp),
            ("HTTP/3.7 200 OK\r\n\r\n", HttpFault::StatusLine),
            ("HTTP/1.1 20x\r\n\r\n", HttpFault::StatusLine),
            ("HTTP/1.1 2000 OK\r\n\r\n", HttpFault::StatusLine),
            ("HTTP/1.1 200 OK\r\ngarbage\r\nA: \0\r\n", HttpFault::NoColon),
            ("HTTP/1.1 200 OK\r\nA: \0\r\ngarbage\r\n", HttpFault::Nul),
            ("HTTP/1.1 200 OK\nContent-Length: -5\n\n", HttpFault::ContentLength),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n", HttpFault::HeadCut),
            ("HT", HttpFault::HeadCut),
            ("HTTP/1.1 200", HttpFault::HeadCut),
            ("HTTP/1.1 200 OK\r\nA", HttpFault::HeadCut),
            ("HTTP/1.1 100 Continue\r\n\r\n", HttpFault::HeadCut),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 20", HttpFault::HeadCut),
            ("HTTP/1.1 100 Continue\r\n\r\ngarbage\r\n", HttpFault::NotHttp),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HttpFault::Head),
        ];
        for (bytes, expected) in cases {
            assert_eq!(fault(&Heads::read(bytes.as_bytes()), false), expected, "{bytes:?}");
        }
        let many = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(MAX_FIELDS);
        assert_eq!(fault(&Heads::read(many.as_bytes()), false), HttpFault::HeadTooLarge);
    }

    #[test]
    fn what_did_not_end_is_told_as_far_as_it_came() {
        let cases = [
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
                "2 informational answers (HTTP status 100 to 199) came, and no other",
            ),
            (
                "HTTP/1.1 200 OK\r\nA",
                "an answer began (\"HTTP/1.1 200 OK\\r\\nA\"), and its head did not end",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(unfinished(bytes.as_bytes()), expected);
        }
    }
}

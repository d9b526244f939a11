//! Frames of HTTP/2 as they came (RFC 9113, sections 4.1, 6 and 7), for whoever has to say why there is no answer among them.

use crate::prober::observed::Begin;

/// By their number.
const TYPES: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// Length, type, flags, and the stream's number.
const HEADER: usize = 9;

const ERRORS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// One frame; what has not come of it is missing.
struct Frame<'a> {
    kind: u8,
    payload: &'a [u8],
}

/// The frames with which `bytes` begin.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
        let (payload, rest) = rest.split_at(length.min(rest.len()));
        bytes = rest;
        Some(Frame { kind: header[3], payload })
    })
}

/// Whether `bytes` begin as a server of HTTP/2 does, with SETTINGS (section 3.4).
pub(super) fn are_http2(bytes: &[u8]) -> bool {
    bytes.get(3) == Some(&SETTINGS)
}

/// How the server ended the call or the connection, if it said so.
pub(super) fn end(bytes: &[u8]) -> Option<String> {
    let ending = |frame: &Frame<'_>| matches!(frame.kind, RST_STREAM | GOAWAY);
    let Frame { kind, payload } = frames(bytes).filter(ending).last()?;
    // A GOAWAY has the number of a stream before, and a text after the error.
    let (code, text) = if kind == GOAWAY {
        payload.get(4..)?.split_first_chunk()?
    } else {
        payload.split_first_chunk()?
    };
    let error = error(u32::from_be_bytes(*code));
    if kind == RST_STREAM {
        return Some(format!("the server refused the call: RST_STREAM, {error}"));
    }
    let text =
        if text.is_empty() { String::new() } else { format!(", \"{}\"", text.escape_ascii()) };
    Some(format!("the server ended the connection before an answer: GOAWAY, {error}{text}"))
}

fn error(code: u32) -> String {
    let known = usize::try_from(code).ok().and_then(|code| ERRORS.get(code));
    known.map_or_else(|| format!("error {code}"), |known| (*known).to_owned())
}

/// What came, and that no answer was among it.
pub(super) fn without_answer(bytes: &[u8]) -> String {
    if !are_http2(bytes) {
        return format!("\"{}\" came, and no answer to the call", Begin::new(bytes).text());
    }
    let mut counts = [0; TYPES.len() + 1];
    for frame in frames(bytes) {
        counts[usize::from(frame.kind).min(TYPES.len())] += 1;
    }
    let names = TYPES.into_iter().chain(["of other types"]);
    let counted = counts.into_iter().zip(names).filter(|(count, _)| *count > 0);
    let counted: Vec<String> = counted.map(|(count, name)| format!("{count} {name}")).collect();
    format!("frames of HTTP/2 came ({}), and no answer to the call", counted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("a short one");
        [&[0, 0, length, kind, 0, 0, 0, 0, 0], payload].concat()
    }

    #[test]
    fn frames_are_counted_by_their_type() {
        let ping = frame(6, &[0; 8]);
        let bytes = [frame(SETTINGS, &[]), ping.clone(), ping, frame(99, &[1])].concat();
        assert!(are_http2(&bytes));
        let all = "frames of HTTP/2 came (1 SETTINGS, 2 PING, 1 of other types), and no answer to the call";
        assert_eq!(without_answer(&bytes), all);
        let cut = "frames of HTTP/2 came (1 SETTINGS, 2 PING), and no answer to the call";
        assert_eq!(without_answer(&bytes[..bytes.len() - 2]), cut);
        assert_eq!(end(&bytes), None);
    }

    #[test]
    fn the_end_is_told_in_the_names_of_the_standard() {
        let calm = b"\0\0\0\0\0\0\0\x0btoo_many_pings";
        let cases: [(u8, &[u8], Option<&str>); 5] = [
            (
                GOAWAY,
                calm,
                Some(
                    "the server ended the connection before an answer: GOAWAY, ENHANCE_YOUR_CALM, \"too_many_pings\"",
                ),
            ),
            (
                GOAWAY,
                &[0; 8],
                Some("the server ended the connection before an answer: GOAWAY, NO_ERROR"),
            ),
            (
                RST_STREAM,
                b"\0\0\0\x07",
                Some("the server refused the call: RST_STREAM, REFUSED_STREAM"),
            ),
            (RST_STREAM, b"\0\0\x01\0", Some("the server refused the call: RST_STREAM, error 256")),
            (GOAWAY, b"\0\0\0\0\0", None),
        ];
        for (kind, payload, expected) in cases {
            let bytes = [frame(SETTINGS, &[]), frame(kind, payload)].concat();
            assert_eq!(end(&bytes).as_deref(), expected, "{payload:?}");
        }
    }
}

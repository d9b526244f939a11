//! The head of an answer as the peer wrote it: a map of headers forgets the case of their names and the order of all.

use http::response::Parts;

/// As many as hyper takes.
const MAX_FIELDS: usize = 100;

/// Head of an answer.
pub(crate) struct Head {
    /// `HTTP/1.1`.
    pub(crate) version: String,
    pub(crate) status: u16,
    /// Possibly empty.
    pub(crate) reason: String,
    /// In the order and spelling received; values that are not UTF-8 are replaced lossily.
    pub(crate) fields: Vec<(String, String)>,
}

impl Head {
    /// From what hyper understood, and the bytes it understood that from.
    pub(super) fn new(parts: &Parts, received: &[u8]) -> Self {
        let reason = parts.extensions.get::<hyper::ext::ReasonPhrase>();
        let reason = reason.map(|reason| text(reason.as_bytes()));
        let canonical = || parts.status.canonical_reason().unwrap_or_default().to_owned();
        Self {
            version: format!("{:?}", parts.version),
            status: parts.status.as_u16(),
            reason: reason.unwrap_or_else(canonical),
            fields: as_received(received).unwrap_or_else(|| as_understood(parts)),
        }
    }
}

/// How long the head is that `bytes` begin with, with informational ones before it; 0 when it is not all there.
pub(super) fn length(bytes: &[u8]) -> u64 {
    let mut length = 0;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(more)) = head.parse(&bytes[length..]) else { return 0 };
        length += more;
        if !matches!(head.code, Some(100 | 102..=199)) {
            return length as u64;
        }
    }
}

/// The fields of the first head that is not informational (RFC 9110, section 15.2).
fn as_received(mut bytes: &[u8]) -> Option<Vec<(String, String)>> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
        if !matches!(head.code, Some(100 | 102..=199)) {
            let fields = head.headers.iter();
            return Some(fields.map(|field| (field.name.to_owned(), text(field.value))).collect());
        }
        bytes = &bytes[length..];
    }
}

fn as_understood(parts: &Parts) -> Vec<(String, String)> {
    parts.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

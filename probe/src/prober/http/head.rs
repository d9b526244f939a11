//! Heads of answers as the peer wrote them, line by line, as curl reads them: a map of headers forgets the case of their names
//! and the order of all, and whatever hyper does not understand is not in it.

use http::HeaderMap;
use http::response::Parts;
use kubectl_pods_report::HttpFault;

/// What an answer began with: informational heads (RFC 9110, section 15.2), and one that is another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heads<'a> {
    /// Informational heads, all of them whole.
    pub(super) informational: usize,
    /// Their bytes.
    pub(super) informational_length: usize,
    /// The first line of the last of them.
    last_informational: Option<&'a [u8]>,
    /// The lines of the head after them that are whole, without their ends.
    pub(super) lines: Vec<&'a [u8]>,
    /// Bytes of all these.
    pub(super) length: usize,
    /// The line that has no end yet.
    pub(super) rest: &'a [u8],
    /// The last head is whole.
    pub(super) is_whole: bool,
}

impl<'a> Heads<'a> {
    /// What `bytes` begin with.
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let mut heads = Self::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                heads.rest = line;
                break;
            }
            heads.length += line.len();
            let text = without_end(line);
            match (text.is_empty(), heads.lines.first()) {
                (false, _) => heads.lines.push(text),
                (true, Some(first)) if !is_informational(first) => {
                    heads.is_whole = true;
                    break;
                }
                (true, Some(first)) => {
                    heads.informational += 1;
                    heads.informational_length = heads.length;
                    heads.last_informational = Some(first);
                    heads.lines.clear();
                }
                (true, None) => {} // hyper passes over empty lines before a head.
            }
        }
        heads
    }

    /// The first line that breaks a rule which can be named, and that rule.
    pub(super) fn flaw(&self) -> Option<(HttpFault, &'a [u8])> {
        let first = self.lines.first().copied().unwrap_or(self.rest);
        let known = &first[..first.len().min(HTTP.len())];
        if !HTTP.starts_with(known) {
            return Some((HttpFault::NotHttp, first));
        }
        let (first, fields) = self.lines.split_first()?;
        if status(first).is_none() {
            return Some((HttpFault::StatusLine, first));
        }
        fields.iter().find_map(|line| Some((of_field(line)?, *line)))
    }

    /// Names and values, in their order; what is not UTF-8 is replaced. A line that goes on is one with the one before it.
    fn fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in self.lines.iter().skip(1) {
            let line = String::from_utf8_lossy(line);
            match (fields.last_mut(), line.split_once(':')) {
                (Some((_, value)), _) if line.starts_with([' ', '\t']) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (_, Some((name, value))) => {
                    fields.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                (_, None) => {}
            }
        }
        fields
    }
}

const HTTP: &[u8] = b"HTTP/";

/// The status in the first line of a head (RFC 9112, section 4).
fn status(line: &[u8]) -> Option<u16> {
    let (version, rest) = line.split_at_checked(b"HTTP/1.1 ".len())?;
    let (digits, reason) = rest.split_at_checked(3)?;
    let is_known = matches!(version, b"HTTP/1.0 " | b"HTTP/1.1 ");
    let is_status = digits.iter().all(u8::is_ascii_digit) && matches!(reason, [] | [b' ', ..]);
    let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (is_known && is_status && status >= 100).then_some(status)
}

fn is_informational(line: &[u8]) -> bool {
    matches!(status(line), Some(100 | 102..=199))
}

fn of_field(line: &[u8]) -> Option<HttpFault> {
    if line.contains(&0) {
        return Some(HttpFault::Nul);
    }
    let is_continued = line.starts_with(b" ") || line.starts_with(b"\t");
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return (!is_continued).then_some(HttpFault::NoColon);
    };
    let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let is_length = name.eq_ignore_ascii_case(b"Content-Length");
    (is_length && !is_number).then_some(HttpFault::ContentLength)
}

/// Head of an answer.
pub(crate) struct Head {
    /// `HTTP/1.1`.
    pub(crate) version: String,
    pub(crate) status: u16,
    /// Possibly empty.
    pub(crate) reason: String,
    /// In the order and spelling received; values that are not UTF-8 are replaced lossily.
    pub(crate) fields: Vec<(String, String)>,
    /// As it came, with the informational ones before it.
    pub(crate) bytes: Vec<u8>,
}

impl Head {
    /// From what hyper understood, and the bytes it understood that from.
    pub(super) fn new(parts: &Parts, received: &[u8]) -> Self {
        let heads = Heads::read(received);
        let reason = parts.extensions.get::<hyper::ext::ReasonPhrase>();
        let reason = reason.map(|reason| text(reason.as_bytes()));
        let canonical = || parts.status.canonical_reason().unwrap_or_default().to_owned();
        Self {
            version: format!("{:?}", parts.version),
            status: parts.status.as_u16(),
            reason: reason.unwrap_or_else(canonical),
            fields: heads.fields(),
            bytes: received[..heads.length].to_vec(),
        }
    }

    /// Of one that is not whole, or not well: the lines before that, but not after the one with which they are more than
    /// `most` bytes. None if there is no first one.
    pub(super) fn broken(received: &[u8], most: usize) -> Option<Self> {
        let heads = Heads::read(received);
        let flawed = heads.flaw().map(|(_, line)| line);
        let mut end = 0;
        for line in received.split_inclusive(|byte| *byte == b'\n') {
            if end > most || !line.ends_with(b"\n") || Some(without_end(line)) == flawed {
                break;
            }
            end += line.len();
        }
        let heads = Heads::read(&received[..end]);
        let first = heads.lines.first().copied().or(heads.last_informational)?;
        Some(Self {
            version: text(&first[..first.len().min(8)]),
            status: status(first)?,
            reason: first.get(13..).map(text).unwrap_or_default(),
            fields: heads.fields(),
            bytes: received[..end].to_vec(),
        })
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What stands behind the chunks of a body: its last lines if `answer` is all that came, or else as hyper understood it.
pub(super) fn trailers(understood: &HeaderMap, answer: Option<&[u8]>) -> Vec<u8> {
    if understood.is_empty() {
        return Vec::new();
    }
    if let Some(answer) = answer {
        let lines: Vec<&[u8]> = answer.split_inclusive(|byte| *byte == b'\n').collect();
        let before = lines.len().saturating_sub(understood.len() + 1); // The empty line is the last one.
        return lines[before..lines.len() - 1].concat();
    }
    let lines = understood
        .iter()
        .map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    lines.collect::<Vec<_>>().concat()
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

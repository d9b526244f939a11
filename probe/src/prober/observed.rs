//! When the first byte of an answer came, and what the answer began with.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use kubectl_pods_report::Spoken;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What was seen of an answer before anybody understood it.
pub(super) struct Seen {
    pub(super) first_byte: OnceLock<Instant>,
    begin: Mutex<Vec<u8>>,
    keep: usize,
}

/// The first bytes of what answered.
pub(super) struct Begin(Vec<u8>);

impl Seen {
    /// Nothing yet. Of the answer, `keep` bytes will be kept.
    pub(super) fn new(keep: usize) -> Self {
        Self { first_byte: OnceLock::new(), begin: Mutex::default(), keep }
    }

    /// What the answer began with, as far as it has come and is kept.
    pub(super) fn begin(&self) -> Vec<u8> {
        self.begin.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, bytes: &[u8]) {
        self.first_byte.get_or_init(Instant::now);
        let mut begin = self.begin.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.keep - begin.len();
        begin.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Begin {
    /// As many bytes as are told.
    pub(super) const BYTES: usize = 32;

    /// The first of `bytes`.
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes[..bytes.len().min(Self::BYTES)].to_vec())
    }

    /// As far as it was `seen`.
    pub(super) fn of(seen: &Seen) -> Self {
        Self::new(&seen.begin())
    }

    /// Whether nothing came.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is a TLS record: a type of 20 to 24 and a version of SSL 3.0 or later (RFC 8446, section 5.1).
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.0[..], [20..=24, 3, ..])
    }

    /// What is spoken, where that is certain.
    pub(super) fn speaks(&self) -> Option<Spoken> {
        if self.is_tls() {
            return Some(Spoken::Tls);
        }
        self.0.starts_with(b"HTTP/").then_some(Spoken::Http)
    }

    /// For people: printable ASCII, and `\xNN`.
    pub(super) fn text(&self) -> String {
        self.0.escape_ascii().to_string()
    }
}

/// A stream that is watched while it is read.
pub(super) struct Observed<S> {
    pub(super) stream: S,
    pub(super) seen: Arc<Seen>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.seen.note(&buffer.filled()[before..]);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_is_told_from_the_first_bytes_alone() {
        let cases: [(&[u8], Option<Spoken>, &str); 6] = [
            (b"HTTP/1.1 400 Bad Request\r\n", Some(Spoken::Http), "HTTP/1.1 400 Bad Request\\r\\n"),
            (b"\x15\x03\x03\x00\x02\x02\x0a", Some(Spoken::Tls), r"\x15\x03\x03\x00\x02\x02\n"),
            (b"\x16\x03\x01\x00", Some(Spoken::Tls), r"\x16\x03\x01\x00"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", None, "SSH-2.0-OpenSSH_9.2\\r\\n"),
            (b"HTT", None, "HTT"),
            (b"", None, ""),
        ];
        for (bytes, spoken, text) in cases {
            let begin = Begin::new(bytes);
            assert_eq!((begin.speaks(), begin.text().as_str()), (spoken, text));
        }
    }
}

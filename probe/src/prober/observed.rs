//! When the first byte of an answer came, and what the answer began with.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use kubectl_pods_report::Spoken;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What was seen of an answer before anybody understood it.
pub(super) struct Seen {
    pub(super) first_byte: OnceLock<Instant>,
    noted: Mutex<Noted>,
}

struct Noted {
    begin: Vec<u8>,
    /// So much of the begin is kept.
    keep: usize,
    received: usize,
    /// More is not read.
    most: usize,
}

/// What came so far of an answer that nobody has understood yet, and how its protocol tells that.
pub(super) struct Heard {
    pub(super) seen: Arc<Seen>,
    pub(super) tell: fn(&[u8]) -> String,
}

impl Heard {
    /// In words, if anything came.
    pub(super) fn words(&self) -> Option<String> {
        let begin = self.seen.begin();
        (!begin.is_empty()).then(|| (self.tell)(&begin))
    }
}

/// The first bytes of what answered.
pub(super) struct Begin(Vec<u8>);

impl Seen {
    /// Nothing yet. Of the answer, `keep` bytes will be kept.
    pub(super) fn new(keep: usize) -> Self {
        Self::with(keep, usize::MAX)
    }

    /// Nothing yet. As long as nobody has [understood](Self::understood) the answer, all of it is kept, and not more than about
    /// `most` bytes are read: a peer may send without end what leads to no answer, and the others are to have their turn.
    pub(super) fn at_most(most: usize) -> Self {
        Self::with(usize::MAX, most)
    }

    fn with(keep: usize, most: usize) -> Self {
        let noted = Noted { begin: Vec::new(), keep, received: 0, most };
        Self { first_byte: OnceLock::new(), noted: Mutex::new(noted) }
    }

    /// From now on the answer may be as long as it likes. Of its begin, `keep` bytes are kept.
    pub(super) fn understood(&self, keep: usize) {
        let mut noted = self.noted();
        (noted.keep, noted.most) = (keep, usize::MAX);
        noted.begin.truncate(keep);
        noted.begin.shrink_to_fit();
    }

    /// What the answer began with, as far as it has come and is kept.
    pub(super) fn begin(&self) -> Vec<u8> {
        self.noted().begin.clone()
    }

    /// Whether only so much is read, because nobody has understood the answer yet.
    fn is_limited(&self) -> bool {
        self.noted().most != usize::MAX
    }

    /// Whether nothing came.
    pub(super) fn is_empty(&self) -> bool {
        self.noted().received == 0
    }

    /// Everything that came, if all of it is kept.
    pub(super) fn whole(&self) -> Option<Vec<u8>> {
        let noted = self.noted();
        (noted.received == noted.begin.len()).then(|| noted.begin.clone())
    }

    /// Whether more has come than is read.
    pub(super) fn is_too_much(&self) -> bool {
        let noted = self.noted();
        noted.received > noted.most
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, bytes: &[u8]) {
        self.first_byte.get_or_init(Instant::now);
        let mut noted = self.noted();
        noted.received = noted.received.saturating_add(bytes.len());
        let room = noted.keep.saturating_sub(noted.begin.len());
        noted.begin.extend_from_slice(&bytes[..bytes.len().min(room)]);
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

/// A stream that is watched while it is read. As long as its answer is not understood, one piece is read at a time: whoever reads until
/// nothing is there would take the turn of all others. A peer that takes no more may have said why before: that cannot be written is told
/// only when everything has been read.
pub(super) struct Observed<S> {
    stream: S,
    seen: Arc<Seen>,
    is_gone: bool,
    /// Why nothing can be written, until that is told.
    gone: Option<io::Error>,
    /// The others have their turn before more is read.
    is_pausing: bool,
}

impl<S> Observed<S> {
    /// `stream`, of which `seen` is to know.
    pub(super) const fn new(stream: S, seen: Arc<Seen>) -> Self {
        Self { stream, seen, is_gone: false, gone: None, is_pausing: false }
    }

    /// What is told of an attempt to write, in which `all` counts as done where nobody takes anything any more.
    fn written<T>(&mut self, attempt: io::Result<T>, all: T) -> io::Result<T> {
        match attempt {
            Err(error) if is_gone(&error) => {
                (self.is_gone, self.gone) = (true, Some(error));
                Ok(all)
            }
            other => other,
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.seen.is_too_much() {
            return Poll::Ready(Err(io::Error::other("more than is read of an answer")));
        }
        if std::mem::take(&mut self.is_pausing) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        let is_end = result.is_ok() && buffer.filled().len() == before;
        if !is_end && result.is_ok() {
            self.seen.note(&buffer.filled()[before..]);
            self.is_pausing = self.seen.is_limited();
        }
        match self.gone.take_if(|_| is_end) {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(result),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_gone {
            return Poll::Ready(Ok(data.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, data));
        Poll::Ready(self.written(written, data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_gone {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.written(flushed, ()))
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

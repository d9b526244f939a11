//! When the first byte of an answer came, and what the answer began with.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What was seen of an answer before anybody understood it.
pub(super) struct Seen {
    pub(super) first_byte: OnceLock<Instant>,
    begin: Mutex<Vec<u8>>,
    keep: usize,
}

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
        if self.keep > 0 {
            let mut begin = self.begin.lock().unwrap_or_else(PoisonError::into_inner);
            let room = self.keep - begin.len();
            begin.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
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

//! A request's head as it is to be spelt. hyper writes the names of headers in one case and in an order of its own; who
//! asks why a server answers as it does wants to have sent what was typed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A stream on which the first head that is written becomes another one.
pub(super) struct Spelt<S> {
    stream: S,
    /// What is left to write of the head that is sent.
    head: Bytes,
    /// So many bytes of [`END_OF_HEAD`] stood at the end of what was swallowed.
    matched: usize,
    /// Who wants to read. hyper takes no answer to what it has not asked yet, but some servers answer, or refuse, whoever comes.
    reader: Option<Waker>,
}

impl<S> Spelt<S> {
    /// Writes `head` instead of the one that will come.
    pub(super) const fn new(stream: S, head: Bytes) -> Self {
        Self { stream, head, matched: 0, reader: None }
    }

    const fn is_sent(&self) -> bool {
        self.matched == END_OF_HEAD.len() && self.head.is_empty()
    }

    /// How many bytes at the begin of `data` belong to the head that is not sent.
    fn swallow(&mut self, data: &[u8]) -> usize {
        for (index, byte) in data.iter().enumerate() {
            if self.matched == END_OF_HEAD.len() {
                return index;
            }
            self.matched = match (*byte == END_OF_HEAD[self.matched], byte) {
                (true, _) => self.matched + 1,
                (false, b'\r') => 1,
                (false, _) => 0,
            };
        }
        data.len()
    }
}

impl<S: AsyncWrite + Unpin> Spelt<S> {
    /// Writes what is left of the head, once the other one has been swallowed.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.matched == END_OF_HEAD.len() && self.head.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.head))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.head.advance(written);
        }
        if let Some(reader) = self.reader.take_if(|_| self.matched == END_OF_HEAD.len()) {
            reader.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Spelt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.swallow(data) {
            0 => {
                ready!(self.poll_head(cx))?;
                Pin::new(&mut self.stream).poll_write(cx, data)
            }
            swallowed => Poll::Ready(Ok(swallowed)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_head(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_head(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Spelt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_sent() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// However the first head is cut into pieces, the other one goes out in its place, and the body after it.
    #[tokio::test]
    async fn one_head_becomes_another() {
        let written = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\r\n\r\nbody";
        for size in 1..=written.len() {
            let mut spelt = Spelt::new(Vec::new(), Bytes::from_static(b"HEAD\r\n\r\n"));
            for piece in written.chunks(size) {
                spelt.write_all(piece).await.expect("a vector takes all");
            }
            spelt.flush().await.expect("a vector takes all");
            let sent = String::from_utf8(spelt.stream).expect("text");
            assert_eq!(sent, "HEAD\r\n\r\nbody\r\n\r\nbody", "pieces of {size}");
        }
    }
}

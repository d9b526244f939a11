//! A server that is there and says nothing is not waited for for ever.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, header::ACCEPT_ENCODING};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep, timeout};
use tower::{BoxError, Service};

/// How long the server may say nothing. It ends requests by itself that take more than 60 s (`--request-timeout` of
/// kube-apiserver).
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// The server said nothing for so long.
#[derive(Debug, thiserror::Error)]
#[error("the server said nothing for {} s", .0.as_secs())]
pub(super) struct Silence(Duration);

/// Sends requests, and gives up those about which nothing more is heard. Watches and logs that are followed may be silent
/// for as long as nothing happens.
#[derive(Debug, Clone)]
pub(super) struct Patient<S> {
    inner: S,
    limit: Duration,
}

impl<S> Patient<S> {
    pub(super) const fn new(inner: S, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

impl<S, A, B> Service<Request<A>> for Patient<S>
where
    S: Service<Request<A>, Response = Response<B>, Error: Into<BoxError>>,
    S::Future: Send + 'static,
    B: Send,
{
    type Response = Response<Heard<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let limit = (!is_followed(request.headers())).then_some(self.limit);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = match limit {
                Some(limit) => timeout(limit, answer).await.map_err(|_| Silence(limit))?,
                None => answer.await,
            };
            Ok(answer.map_err(Into::into)?.map(|body| Heard { body, limit, silence: None }))
        })
    }
}

/// Whether the answer is read as it is written: what is must not be compressed, and so says this.
fn is_followed(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT_ENCODING).is_some_and(|encoding| encoding == "identity")
}

/// A body whose pieces come one soon after the other.
pub(super) struct Heard<B = Incoming> {
    body: B,
    limit: Option<Duration>,
    /// Ends the wait for the next piece; while none is waited for, nothing.
    silence: Option<Pin<Box<Sleep>>>,
}

impl<B> Body for Heard<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(limit) = self.limit else { return Poll::Pending };
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(silence.as_mut().poll(context));
        Poll::Ready(Some(Err(Silence(limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future};

    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};
    use http_body_util::{BodyExt as _, StreamBody};
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    /// A body of pieces that each come half a second after the one before, and then nothing, but no end either if `stuck`.
    fn slow(pieces: usize, stuck: bool) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let pieces = stream::iter(0..pieces).then(async |_| {
            sleep(LIMIT / 6).await;
            Ok(Frame::data(Bytes::from_static(b"x")))
        });
        let rest =
            if stuck { stream::pending().left_stream() } else { stream::empty().right_stream() };
        StreamBody::new(Box::pin(pieces.chain(rest)))
    }

    /// What comes of a server that answers with such a body.
    async fn heard(encoding: &str, pieces: usize, stuck: bool) -> Result<usize, String> {
        let answer = service_fn(move |_| {
            future::ready(Ok::<_, Infallible>(Response::new(slow(pieces, stuck))))
        });
        let request = Request::get("/").header(ACCEPT_ENCODING, encoding).body(()).unwrap();
        let answer = Patient::new(answer, LIMIT).oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await;
        body.map(|body| body.to_bytes().len()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn silence_has_an_end_and_slowness_has_none() {
        let silent = Err("the server said nothing for 3 s".to_owned());
        let (slow, stuck) = tokio::join!(heard("gzip", 8, false), heard("gzip", 1, true));
        assert_eq!((slow, stuck), (Ok(8), silent));
    }

    #[tokio::test]
    async fn an_answer_that_does_not_begin_has_an_end_too() {
        let mute = || {
            service_fn(|_: Request<()>| future::pending::<Result<Response<String>, Infallible>>())
        };
        let request =
            |encoding| Request::get("/").header(ACCEPT_ENCODING, encoding).body(()).unwrap();
        let given_up =
            Patient::new(mute(), Duration::from_millis(1)).oneshot(request("gzip")).await;
        assert!(given_up.err().unwrap().is::<Silence>());
        // What is followed may be silent: nothing has come of it after a hundred times the limit.
        let followed = Patient::new(mute(), Duration::from_millis(1)).oneshot(request("identity"));
        assert!(timeout(Duration::from_millis(100), followed).await.is_err());
    }
}

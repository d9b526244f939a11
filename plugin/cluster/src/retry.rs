//! A server that is busy says when to come back (`Retry-After`); whatever was asked is then asked again.

use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use kube::client::Body;
use tokio::time::{Sleep, sleep};
use tower::retry::Policy;

/// How often the server may ask us to come back later; client-go's number.
const MAX_RETRIES: u32 = 10;

/// client-go's rule for requests of every kind (client-go `rest/with_retry.go`): 429 and 5xx are waited for if they say
/// how long, and only then.
#[derive(Debug, Clone, Default)]
pub(super) struct RetryAfter {
    retries: u32,
}

impl<B, E> Policy<Request<Body>, Response<B>, E> for RetryAfter {
    type Future = Sleep;

    fn retry(
        &mut self,
        _: &mut Request<Body>,
        result: &mut Result<Response<B>, E>,
    ) -> Option<Sleep> {
        let delay = delay(result.as_ref().ok()?).filter(|_| self.retries < MAX_RETRIES)?;
        self.retries += 1;
        Some(sleep(delay))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        copy(request)
    }
}

/// The request once more. Our requests carry their bodies as bytes; one that came as a stream can be sent only once.
pub(super) fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    copy.extensions_mut().clone_from(request.extensions());
    Some(copy)
}

fn delay<B>(response: &Response<B>) -> Option<Duration> {
    let code = response.status();
    if code != StatusCode::TOO_MANY_REQUESTS && !code.is_server_error() {
        return None;
    }
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, after: &str) -> Response<()> {
        Response::builder().status(code).header(header::RETRY_AFTER, after).body(()).unwrap()
    }

    #[test]
    fn only_a_busy_server_that_says_when_is_asked_again() {
        let cases = [
            (429, "1", Some(1)),
            (500, "2", Some(2)),
            (503, "0", Some(0)),
            (429, "soon", None),
            (409, "1", None),
            (200, "1", None),
        ];
        for (code, after, expected) in cases {
            let got = delay(&answer(code, after));
            assert_eq!(got, expected.map(Duration::from_secs), "{code} {after}");
        }
        assert_eq!(delay(&Response::builder().status(429).body(()).unwrap()), None);
    }

    #[tokio::test]
    async fn patience_ends() {
        let mut policy = RetryAfter::default();
        let mut request = Request::new(Body::empty());
        let mut result: Result<_, ()> = Ok(answer(429, "0"));
        for _ in 0..MAX_RETRIES {
            assert!(policy.retry(&mut request, &mut result).is_some());
        }
        assert!(policy.retry(&mut request, &mut result).is_none());
    }

    #[test]
    fn the_second_request_is_the_first() {
        let first =
            Request::post("/x").header("a", "b").body(Body::from(b"text".to_vec())).unwrap();
        let second = copy(&first).unwrap();
        assert_eq!((second.method(), second.uri()), (first.method(), first.uri()));
        assert_eq!(second.headers(), first.headers());
        assert_eq!(format!("{:?}", second.body()), format!("{:?}", first.body()));
    }
}

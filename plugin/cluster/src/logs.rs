//! The log of a container, as far as it goes or followed.

use futures_util::{AsyncBufRead, AsyncReadExt as _};
use http::{HeaderValue, header::ACCEPT_ENCODING};
use k8s_openapi::api::core::v1::Pod;
use kube::{Resource as _, api::LogParams, core::Request};

use super::{Cluster, errors};

/// Bytes that are read of a log. A result has some thousand, a body that was asked for some million; an image that is no
/// probe may write without end.
const LARGEST: u64 = 256 << 20;

/// What came of asking for a log.
pub enum Log<R> {
    /// The log from its first line.
    Open(R),
    /// The container has no log yet (`ContainerCreating`), or its node could not be asked just now; the server's words.
    NotYet(String),
}

/// How far a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To the end of what there is now.
    Now,
    /// Until the container ends, or whatever else ends the stream.
    Ended,
}

/// Asks for a container's log from its start.
///
/// # Errors
///
/// When the log may not be read, or the server cannot be asked.
pub async fn read(
    cluster: &Cluster,
    namespace: &str,
    pod: &str,
    container: &str,
    until: Until,
) -> anyhow::Result<Log<impl AsyncBufRead + Unpin + use<>>> {
    let params = LogParams {
        container: Some(container.to_owned()),
        follow: until == Until::Ended,
        ..LogParams::default()
    };
    let mut request = Request::new(Pod::url_path(&(), Some(namespace))).logs(pod, &params)?;
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    match cluster.client.request_stream(request).await {
        Ok(log) => Ok(Log::Open(Box::pin(log).take(LARGEST))),
        // 400: waiting to start; 404: not yet, or no longer; 5xx: its node did not answer. The watch on the pod, not
        // the log, decides how long to hope.
        Err(kube::Error::Api(status)) if !matches!(status.code, 401 | 403) => {
            Ok(Log::NotYet(errors::status_text(&status)))
        }
        Err(error) => Err(cluster.explain(error)),
    }
}

//! Says who we are where that has to be renewed while we run: with a credential plugin, or a token in a file.
//!
//! As client-go does (`plugin/pkg/client/auth/exec`), credentials are asked for when the first request needs them, and
//! again when they have expired or the server answers 401. client-go fails the request that met the 401, and the next
//! one fares better; here it is sent once more, because many a command has no next one.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use kube::client::Body;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tower::{BoxError, Service, ServiceExt as _, util::BoxCloneSyncService};

use super::{retry, silence::Heard, warnings::Warn};
use crate::kubeconfig::{CredentialSource, Credentials, Identity};

/// A client with the connections that it keeps.
pub(super) type Http = BoxCloneSyncService<Request<Body>, Response<Heard>, BoxError>;

/// Makes a client whose connections belong to the owner of a certificate, or to nobody.
pub(super) type Open = Box<dyn Fn(Option<&Identity>) -> Http + Send + Sync>;

/// There are no credentials, and so the request was not sent.
#[derive(Debug, thiserror::Error)]
#[error("getting credentials: {0}")]
pub(super) struct NoCredentials(String);

/// Sends requests as whoever `source` says we are.
#[derive(Clone)]
pub(super) struct Authenticated(Arc<Shared>);

struct Shared {
    source: CredentialSource,
    open: Open,
    warn: Warn,
    user: Arc<Mutex<Option<Arc<User>>>>,
}

/// Credentials, and a client that may send with them.
struct User {
    credentials: Credentials,
    http: Http,
}

impl Authenticated {
    /// Asks for no credentials yet. What goes wrong when they are renewed, and the server's answer stands, is told to `warn`.
    pub(super) fn new(source: CredentialSource, open: Open, warn: Warn) -> Self {
        Self(Arc::new(Shared { source, open, warn, user: Arc::default() }))
    }
}

impl Service<Request<Body>> for Authenticated {
    type Response = Response<Heard>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(send(Arc::clone(&self.0), request))
    }
}

async fn send(shared: Arc<Shared>, request: Request<Body>) -> Result<Response<Heard>, BoxError> {
    let again = retry::copy(&request);
    let user = user(&shared, None).await?;
    let response = user.send(request).await?;
    let Some(again) = again.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else {
        return Ok(response);
    };
    match self::user(&shared, Some(&user)).await {
        Ok(renewed) if renewed.credentials.say_the_same_as(&user.credentials) => Ok(response),
        Ok(renewed) => renewed.send(again).await,
        Err(NoCredentials(why)) => {
            (shared.warn)(&format!("refreshing credentials: {why}"));
            Ok(response)
        }
    }
}

/// Who we are now: not `refused`, whom the server did not know.
async fn user(
    shared: &Arc<Shared>,
    refused: Option<&Arc<User>>,
) -> Result<Arc<User>, NoCredentials> {
    let current = Arc::clone(&shared.user).lock_owned().await;
    let holds = |user: &&Arc<User>| {
        !user.credentials.have_expired() && !refused.is_some_and(|other| Arc::ptr_eq(user, other))
    };
    if let Some(user) = current.as_ref().filter(holds) {
        return Ok(Arc::clone(user));
    }
    // As a task of its own it goes on when the request is given up: a plugin that is stopped on its way may leave its
    // own cache half written, and its answer is as good for the next request.
    let renewal = tokio::spawn(renew(Arc::clone(shared), current)).await;
    renewal.unwrap_or_else(|error| Err(NoCredentials(error.to_string())))
}

async fn renew(
    shared: Arc<Shared>,
    mut current: OwnedMutexGuard<Option<Arc<User>>>,
) -> Result<Arc<User>, NoCredentials> {
    let last = current.as_ref().map(|user| &user.credentials);
    let credentials = shared.source.credentials(last).await;
    let credentials = credentials.map_err(|error| NoCredentials(format!("{error:#}")))?;
    let same = current.as_ref().filter(|user| user.credentials.identity == credentials.identity);
    let http = match same {
        Some(user) => user.http.clone(),
        // Connections are somebody's: whoever has a new certificate needs new ones.
        None => (shared.open)(credentials.identity.as_ref()),
    };
    let user = Arc::new(User { credentials, http });
    *current = Some(Arc::clone(&user));
    Ok(user)
}

impl User {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Heard>, BoxError> {
        if let Some(authorization) = &self.credentials.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        self.http.clone().oneshot(request).await
    }
}

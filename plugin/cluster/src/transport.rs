//! The HTTP stack under kube's client.
//!
//! It is kube's own, put together here for what kube does not do: client certificates that it would refuse
//! (see [`Identity`]), credentials that are renewed, limits for the TLS handshake, for a peer that has gone or is silent
//! and for what a failure may say, client-go's way with a busy server, and the server's warnings.

use std::time::Duration;

use anyhow::{Result, anyhow};
use http::{HeaderValue, Response, Uri};
use http_body_util::Limited;
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::{
    client::{
        legacy::{
            Client as HttpClient,
            connect::{
                Connection, HttpConnector,
                proxy::{SocksV5, Tunnel},
            },
        },
        proxy::matcher::Matcher,
    },
    rt::TokioExecutor,
};
use kube::{
    Client,
    client::{Body, ConfigExt as _},
};
use rustls::{ClientConfig, client::Resumption, pki_types::ServerName};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt as _, retry::RetryLayer,
    util::BoxCloneSyncService,
};
use tower_http::{decompression::DecompressionLayer, timeout::TimeoutBody};

use super::{
    authentication::{Authenticated, Http, Open},
    errors,
    retry::RetryAfter,
    silence::{PATIENCE, Patient},
    warnings::{self, Warn},
};
use crate::kubeconfig::{self, Identity};

/// Go's `TLSHandshakeTimeout`, on top of the time a connection may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is quiet before the peer is asked whether it is still there; Go's number.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How long the peer may leave what we sent, or the question of [`KEEPALIVE`], unacknowledged. A network that drops
/// everything ends a watch, a followed log and a list after this, and not after the kernel's quarter of an hour.
const UNACKNOWLEDGED: Duration = Duration::from_mins(1);

/// Bytes that the body of a failure may have. A Status has some hundred, a proxy's error page some thousand.
const LARGEST_FAILURE: usize = 1 << 20;

/// How long a server that reports a failure may stop in the middle of it.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Builds the client: a busy server is asked again when it says when, warnings go to `warn`.
pub(super) fn client(way: &kubeconfig::Connection, warn: Warn) -> Result<Client> {
    let connector = tcp(way.config.connect_timeout);
    let Some(proxy) = &way.config.proxy_url else { return over(connector, way, warn) };
    match proxy.scheme_str() {
        Some("http") => {
            let mut tunnel = Tunnel::new(proxy.clone(), connector);
            if let Some(credentials) = proxy_credentials(proxy) {
                tunnel = tunnel.with_auth(credentials);
            }
            over(tunnel, way, warn)
        }
        Some("socks5" | "socks5h") => over(SocksV5::new(proxy.clone(), connector), way, warn),
        _ => {
            Err(anyhow!("cannot use the proxy {proxy}: only http:// and socks5:// are understood"))
        }
    }
}

/// Opens TCP connections that notice when the peer has gone.
fn tcp(connect_timeout: Option<Duration>) -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(connect_timeout);
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_keepalive_interval(Some(KEEPALIVE / 2));
    connector.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    connector
}

fn proxy_credentials(proxy: &Uri) -> Option<HeaderValue> {
    // hyper-util knows how to read user:password@; its matcher is the only public way to it.
    let matcher = Matcher::builder().all(proxy.to_string()).build();
    matcher.intercept(&Uri::from_static("https://any.invalid"))?.basic_auth().cloned()
}

/// Builds the client over a way to open connections.
///
/// As Go does unasked, it asks for gzip; API servers compress what has 128 KiB or more. What is read as it is written
/// (watches, logs) says `Accept-Encoding: identity`: Kubernetes 1.37 compresses each event of a watch by itself, and
/// [`DecompressionLayer`] reads the first of several gzip members.
fn over<C>(connector: C, way: &kubeconfig::Connection, warn: Warn) -> Result<Client>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
{
    let config = &way.config;
    let explain = |error| errors::explain(error, "");
    let open = opener(connector, config)?;
    let http = match way.credentials.clone() {
        None => open(way.identity.as_ref()),
        Some(source) => BoxCloneSyncService::new(Authenticated::new(source, open, warn)),
    };
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().map_err(explain)?)
        .layer(config.extra_headers_layer().map_err(explain)?)
        .map_response(move |response: Response<_>| {
            warnings::pass_on(response.headers(), warn);
            bounded(response, LONGEST_PAUSE)
        })
        .layer(DecompressionLayer::new().gzip(!config.disable_compression))
        .layer(RetryLayer::new(RetryAfter::default()))
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// What makes clients that keep TLS connections, whoever they are for.
fn opener<C>(connector: C, config: &kube::Config) -> Result<Open>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
{
    let tls = config.rustls_client_config().map_err(|error| errors::explain(error, ""))?;
    let name = config.tls_server_name.as_ref().map(|name| {
        ServerName::try_from(name.clone())
            .map_err(|_| anyhow!("{name} cannot be the name of a TLS server"))
    });
    let name = name.transpose()?;
    let limit = config.connect_timeout.unwrap_or_default() + HANDSHAKE_TIMEOUT;
    Ok(Box::new(move |identity| {
        let tls = belonging_to(identity, tls.clone());
        let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        if let Some(name) = name.clone() {
            https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
        }
        let connector = ServiceBuilder::new()
            .map_future(Box::pin) // hyper wants a future that can be moved
            .timeout(limit)
            .service(https.enable_http1().wrap_connector(connector.clone()));
        let http = HttpClient::builder(TokioExecutor::new()).build::<_, Body>(connector);
        Http::new(Patient::new(http.map_err(BoxError::from), PATIENCE))
    }))
}

/// TLS for the owner of a certificate. Nobody resumes another's session: the server would take them for one.
fn belonging_to(identity: Option<&Identity>, mut tls: ClientConfig) -> ClientConfig {
    if let Some(identity) = identity {
        tls.client_auth_cert_resolver = identity.resolver();
    }
    tls.resumption = Resumption::default();
    tls
}

/// Whoever reports a failure reads its body whole: it may neither fill our memory, however little was sent, nor stop in
/// the middle.
fn bounded<B: hyper::body::Body>(
    response: Response<B>,
    pause: Duration,
) -> Response<TimeoutBody<Limited<B>>> {
    let failed = !response.status().is_success();
    let (largest, pause) =
        if failed { (LARGEST_FAILURE, pause) } else { (usize::MAX, Duration::MAX) };
    response.map(|body| TimeoutBody::new(pause, Limited::new(body, largest)))
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, net::TcpListener};

    use bytes::Bytes;
    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};
    use hyper::body::Frame;
    use rustix::net::sockopt;
    use tower::ServiceExt as _;

    use super::*;
    use crate::transport_errors;

    #[tokio::test]
    async fn a_failure_that_is_not_told_to_its_end_is_not_waited_for() {
        let endless = || StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let answer = |code| Response::builder().status(code).body(endless()).unwrap();
        let pause = Duration::from_millis(10);
        let error = bounded(answer(500), pause).into_body().collect().await.unwrap_err();
        let text = transport_errors::text(&*error, "c:6443");
        assert_eq!(
            text,
            "Unable to connect to the server: what it says about a failure stops in the middle"
        );
        // A watch may be silent.
        let watch = bounded(answer(200), pause).into_body().collect();
        assert!(tokio::time::timeout(10 * pause, watch).await.is_err());
    }

    #[tokio::test]
    async fn connections_notice_that_the_peer_has_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let connection = tcp(None).oneshot(address.parse().unwrap()).await.unwrap().into_inner();
        assert!(sockopt::socket_keepalive(&connection).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&connection).unwrap(), KEEPALIVE);
        assert_eq!(sockopt::tcp_keepintvl(&connection).unwrap(), KEEPALIVE / 2);
        assert_eq!(sockopt::tcp_user_timeout(&connection).unwrap(), 60_000);
    }
}

//! The HTTP stack under kube's client.
//!
//! It is kube's own, put together here for three reasons: client certificates that kube would refuse
//! (see [`Identity`]), a limit for the TLS handshake, and the server's warnings.

use std::time::Duration;

use anyhow::{Result, anyhow};
use http::{HeaderValue, Response, Uri};
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
use rustls::pki_types::ServerName;
use tower::{BoxError, Service, ServiceBuilder};

use super::{
    errors,
    warnings::{self, Warn},
};
use crate::kubeconfig::Identity;

/// Go's `TLSHandshakeTimeout`, on top of the time a connection may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds the client: no retries, warnings to `warn`.
pub(super) fn client(
    config: &kube::Config,
    identity: Option<&Identity>,
    warn: Warn,
) -> Result<Client> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(config.connect_timeout);
    let Some(proxy) = &config.proxy_url else { return over(connector, config, identity, warn) };
    match proxy.scheme_str() {
        Some("http") => {
            let mut tunnel = Tunnel::new(proxy.clone(), connector);
            if let Some(credentials) = proxy_credentials(proxy) {
                tunnel = tunnel.with_auth(credentials);
            }
            over(tunnel, config, identity, warn)
        }
        Some("socks5" | "socks5h") => {
            over(SocksV5::new(proxy.clone(), connector), config, identity, warn)
        }
        _ => {
            Err(anyhow!("cannot use the proxy {proxy}: only http:// and socks5:// are understood"))
        }
    }
}

fn proxy_credentials(proxy: &Uri) -> Option<HeaderValue> {
    // hyper-util knows how to read user:password@; its matcher is the only public way to it.
    let matcher = Matcher::builder().all(proxy.to_string()).build();
    matcher.intercept(&Uri::from_static("https://any.invalid"))?.basic_auth().cloned()
}

/// Builds the client over a way to open connections.
fn over<C>(
    connector: C,
    config: &kube::Config,
    identity: Option<&Identity>,
    warn: Warn,
) -> Result<Client>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
{
    let explain = |error| errors::explain(error, "");
    let mut tls = config.rustls_client_config().map_err(explain)?;
    if let Some(identity) = identity {
        tls.client_auth_cert_resolver = identity.resolver();
    }
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = ServerName::try_from(name.clone())
            .map_err(|_| anyhow!("{name} cannot be the name of a TLS server"))?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let limit = config.connect_timeout.unwrap_or_default() + HANDSHAKE_TIMEOUT;
    let connector = ServiceBuilder::new()
        .map_future(Box::pin) // hyper wants a future that can be moved
        .timeout(limit)
        .service(https.enable_http1().wrap_connector(connector));
    let http = HttpClient::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().map_err(explain)?)
        .layer(config.extra_headers_layer().map_err(explain)?)
        .map_response(move |response: Response<_>| {
            warnings::pass_on(response.headers(), warn);
            response
        })
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

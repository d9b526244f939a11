//! A connection to one cluster.

use std::time::Duration;

use anyhow::Result;
use kube::Client;

use super::{
    authentication::Authenticated,
    errors,
    path_segment::{invalid_namespace, segment},
    transport,
    warnings::Warn,
};
use crate::{ConnectionOptions, Found, Verbatim, kubeconfig};

/// A connection to one API server, and the namespace that commands mean when they name none.
#[derive(Clone)]
pub struct Cluster {
    /// The client; only this module and its siblings may use it. It never retries by itself, and it
    /// passes the server's warnings on to [`Warn`].
    pub(super) client: Client,
    /// `host:port` of the API server, for error texts.
    pub(super) host: String,
    /// Limit for one request; sibling modules apply it where kubectl does.
    pub(super) request_timeout: Option<Duration>,
    /// Where credentials come from that are renewed while we run.
    renewed: Option<Authenticated>,
    /// Namespace from `-n`, the context, or `default`.
    pub namespace: String,
}

impl Cluster {
    /// Reads the kubeconfig and prepares a client, whose server's warnings go to `warn`. Sends no request yet.
    ///
    /// # Errors
    ///
    /// In kubectl's words, when no usable configuration is found.
    pub fn connect(options: &ConnectionOptions, warn: Warn) -> Result<Self> {
        // kube takes the process-wide provider; more than one may be compiled in by other crates.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connection = kubeconfig::resolve(options)?;
        let host = connection.config.cluster_url.authority().map(ToString::to_string);
        let host = host.unwrap_or_default();
        let (client, renewed) = transport::client(&connection, warn)?;
        let request_timeout = connection.request_timeout;
        Ok(Self { client, host, request_timeout, renewed, namespace: connection.namespace })
    }

    /// Refuses a namespace that cannot exist, for whoever asks for more than lists: such a name would lead a request elsewhere.
    ///
    /// # Errors
    ///
    /// In client-go's words where it has any.
    pub fn check_namespace(&self) -> Result<()> {
        let name = &self.namespace;
        segment(name).map_err(|why| invalid_namespace(name, &why))?;
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ends = [name.bytes().next(), name.bytes().last()];
        let is_label = name.len() <= 63
            && name.bytes().all(|b| letter(b) || b == b'-')
            && ends.iter().all(|b| b.is_some_and(letter));
        if is_label {
            return Ok(());
        }
        let why = "a name has 1 to 63 of a-z, 0-9 and -, and no - at its ends";
        Err(invalid_namespace(name, why))
    }

    /// Asks for credentials now and not with the first request, for whoever gives the API server a limit: a person may
    /// have to log in meanwhile, and that takes as long as it takes.
    ///
    /// # Errors
    ///
    /// As every request: when the credential plugin fails.
    pub async fn log_in(&self) -> Result<()> {
        let Some(renewed) = &self.renewed else { return Ok(()) };
        let failed = |error| self.explain(kube::Error::Service(Box::new(error)));
        renewed.ready().await.map_err(failed)
    }

    /// The same cluster, with commands that mean `namespace`, if there is one.
    #[must_use]
    pub fn in_namespace(&self, namespace: Option<&str>) -> Self {
        let namespace = namespace.unwrap_or(&self.namespace).to_owned();
        Self { namespace, ..self.clone() }
    }

    /// Puts a failed request into kubectl's words. The result is [`Verbatim`] where kubectl prints
    /// the text without `error: ` in front.
    ///
    /// Look at the reason of a [`kube::Error::Api`] *before* this call when it decides what to do next.
    #[must_use]
    pub(super) fn explain(&self, error: kube::Error) -> anyhow::Error {
        errors::explain(error, &self.host)
    }

    /// Runs `request` within `--request-timeout`.
    pub(super) async fn limited<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T> {
        self.in_time(request).await?.map_err(|error| self.explain(error))
    }

    /// As [`Self::limited`], for one object: that there is none is told apart from all that can go wrong.
    pub(super) async fn found<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<Found<T>> {
        match self.in_time(request).await? {
            Ok(object) => Ok(Ok(object)),
            Err(kube::Error::Api(status)) if errors::names_nothing(&status) => {
                Ok(Err(Verbatim(errors::status_text(&status))))
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// As [`Self::limited`], for those who look at the client's error first. The outer error says that time is up.
    pub(super) async fn in_time<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<kube::Result<T>> {
        let Some(limit) = self.request_timeout else { return Ok(request.await) };
        let late = |_| Verbatim(errors::DEADLINE.to_owned()).into();
        tokio::time::timeout(limit, request).await.map_err(late)
    }
}

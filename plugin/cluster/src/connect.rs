//! A connection to one cluster.

use std::time::Duration;

use anyhow::Result;
use kube::Client;

use super::{errors, transport, warnings::Warn};
use crate::{ConnectionOptions, Verbatim, kubeconfig};

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
        let client = transport::client(&connection, warn)?;
        let request_timeout = connection.request_timeout;
        Ok(Self { client, host, request_timeout, namespace: connection.namespace })
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

//! The client certificate that says who we are.

use std::{fmt, fs, sync::Arc};

use anyhow::{Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use kube::config::AuthInfo;
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::{CertifiedKey, SingleCertAndKey},
};
use secrecy::ExposeSecret;

use crate::go;

/// A client certificate, its chain and its key, ready for TLS.
///
/// kube hands certificates to rustls in a way that refuses X.509 version 1, which is what
/// `openssl x509 -req` makes without an extensions file and what API servers accept. So they are
/// loaded here and given to rustls unread.
#[derive(Clone)]
pub(crate) struct Identity(Arc<CertifiedKey>);

/// The same certificate, and so the same key.
impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.cert == other.0.cert
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity(..)")
    }
}

impl Identity {
    /// Takes the certificate and key out of `user`, so that kube does not look for them.
    pub(super) fn take(user: &mut AuthInfo) -> Result<Option<Self>> {
        let key_data = user.client_key_data.take();
        let key_data = key_data.as_ref().map(ExposeSecret::expose_secret);
        let certificate = pem(
            user.client_certificate_data.take().as_deref(),
            user.client_certificate.take().as_deref(),
        )?;
        let key = pem(key_data, user.client_key.take().as_deref())?;
        let (Some(certificate), Some(key)) = (certificate, key) else { return Ok(None) };
        Self::from_pem(&certificate, &key).map(Some)
    }

    /// From a certificate chain and its key.
    pub(super) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self> {
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(certificate).filter_map(Result::ok).collect();
        if chain.is_empty() {
            bail!("tls: failed to find any PEM data in certificate input");
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| anyhow!("tls: failed to find any PEM data in key input"))?;
        let key = ring::sign::any_supported_type(&key)
            .map_err(|_| anyhow!("tls: failed to parse private key"))?;
        let pair = CertifiedKey::new(chain, key);
        if let Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) =
            pair.keys_match()
        {
            bail!("tls: private key does not match public key");
        }
        Ok(Self(Arc::new(pair)))
    }

    /// For rustls.
    #[must_use]
    pub(crate) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}

fn pem(data: Option<&str>, path: Option<&str>) -> Result<Option<Vec<u8>>> {
    match (data, path) {
        (Some(data), _) => BASE64
            .decode(data)
            .map(Some)
            .map_err(|error| anyhow!("cannot decode client certificate data: {error}")),
        (None, Some(path)) => {
            fs::read(path).map(Some).map_err(|error| anyhow!("open {path}: {}", go::errno(&error)))
        }
        (None, None) => Ok(None),
    }
}

//! A verifier that keeps what it was shown, and what a strict one thinks of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kubectl_pods_report::{Certificate, TlsDetails, TlsFault};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{certificate, fault};

/// Verifies for one handshake. Proof that the server holds the key of its certificate is demanded in any case.
#[derive(Debug)]
pub(super) struct Verifier {
    judge: Arc<WebPkiServerVerifier>,
    accepts_any: bool,
    shown: Mutex<Option<Shown>>,
    wants_ours: AtomicBool,
}

#[derive(Debug)]
struct Shown {
    certificate: Option<Certificate>,
    earliest_end: Option<i64>,
    has_root: bool,
    fault: Option<TlsFault>,
}

impl Verifier {
    /// One that asks `judge` and, if it `accepts_any` certificate, does not listen to him.
    pub(super) const fn new(judge: Arc<WebPkiServerVerifier>, accepts_any: bool) -> Self {
        let wants_ours = AtomicBool::new(false);
        Self { judge, accepts_any, shown: Mutex::new(None), wants_ours }
    }

    /// Puts into `details` what was seen.
    pub(super) fn tell(&self, details: &mut TlsDetails) {
        details.wants_client_certificate = self.wants_ours.load(Ordering::Relaxed);
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(shown) = shown {
            details.certificate = shown.certificate;
            details.earliest_end_seconds = shown.earliest_end;
            details.shows_root = shown.has_root;
            details.fault = shown.fault;
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge.verify_server_cert(own, others, name, ocsp, now);
        let certificate = certificate::facts(own, now);
        let is_ca = certificate.as_ref().is_some_and(|certificate| certificate.is_ca);
        let shown = Shown {
            certificate,
            earliest_end: certificate::earliest_end(own, others),
            has_root: certificate::has_root(others),
            fault: judged.as_ref().err().map(|error| fault::of_error(error, is_ca).0),
        };
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        if self.accepts_any { Ok(ServerCertVerified::assertion()) } else { judged }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

/// We have no certificate of our own. That we are asked for one is worth knowing when the server then hangs up.
impl ResolvesClientCert for Verifier {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.wants_ours.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

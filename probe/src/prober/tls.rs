//! A TLS handshake on an established connection.
//!
//! Trusted are the roots that `SSL_CERT_FILE` or `SSL_CERT_DIR` name, or else the machine's. The probe's own image holds none:
//! there every certificate is of an unknown issuer, unless the check says that any is accepted.

use std::io;
use std::sync::{Arc, OnceLock};

use kubectl_pods_report::Tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::Failure;
use super::{Stage, Trace};

/// Whom to believe. Each of the configurations is made when it is first needed: reading roots takes longer than a probe.
#[derive(Default)]
pub(super) struct Trust {
    known: OnceLock<Result<Arc<ClientConfig>, Error>>,
    anybody: OnceLock<Result<Arc<ClientConfig>, Error>>,
}

impl Trust {
    /// Does now what an attempt over `tls` would have to wait for.
    pub(super) fn prepare(&self, tls: Tls) {
        let _ = self.config(tls); // The attempt will tell what is wrong.
    }

    fn config(&self, tls: Tls) -> Result<Arc<ClientConfig>, Error> {
        let cell = if tls.insecure { &self.anybody } else { &self.known };
        cell.get_or_init(|| config(tls).map(Arc::new)).clone()
    }
}

/// Speaks TLS to `host` over `stream`.
pub(super) async fn handshake(
    stream: TcpStream,
    host: &str,
    tls: Tls,
    trust: &Trust,
    trace: &mut Trace,
) -> Result<TlsStream<TcpStream>, Failure> {
    trace.stage = Stage::Tls;
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| {
        Failure::Tls(io::Error::other("the host is no name that a certificate could carry"))
    })?;
    let config = trust.config(tls);
    let config = config.map_err(|error| Failure::Local(io::Error::other(error)))?;
    let begun = Instant::now();
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(Failure::Tls)?;
    trace.phases.tls_seconds = Some(begun.elapsed().as_secs_f64());
    Ok(stream)
}

fn config(tls: Tls) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions()?;
    let mut config = if tls.insecure {
        let anybody = Arc::new(Anybody(provider));
        builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
    } else {
        builder.with_root_certificates(roots()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What this machine trusts; certificates that cannot be read are left out, as every TLS client does.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Accepts every certificate, but still demands proof that the server holds its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

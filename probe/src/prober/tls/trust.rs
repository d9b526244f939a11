//! Whom to believe.
//!
//! Trusted are the roots that `SSL_CERT_FILE` or `SSL_CERT_DIR` name, or else the machine's. Where there are none, as in the
//! probe's own image, those of Mozilla's programme are, as the crate `webpki-root-certs` has them.

use std::fs;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use super::verifier::Verifier;

/// What this machine trusts. Read when it is first needed: reading roots takes longer than a probe.
#[derive(Default)]
pub(in super::super) struct Trust {
    known: OnceLock<Arc<RootCertStore>>,
    /// The file that was added last, as it was, and what is known with it.
    with_file: Mutex<Option<(Vec<u8>, Arc<RootCertStore>)>>,
}

impl Trust {
    /// The strict verifier for these `roots`, or else for what the machine knows and, if it is there, `ca_file`.
    pub(super) fn judge(
        &self,
        roots: Option<&Arc<RootCertStore>>,
        ca_file: Option<&str>,
    ) -> Result<Arc<WebPkiServerVerifier>, String> {
        let roots = match (roots, ca_file) {
            (Some(roots), _) => Arc::clone(roots),
            (None, Some(file)) => self.known_with(file),
            (None, None) => self.known(),
        };
        let judge = WebPkiServerVerifier::builder_with_provider(roots, provider());
        judge.build().map_err(|_| "there is no root certificate to trust".to_owned())
    }

    /// How to speak TLS, with the eyes of `verifier`.
    pub(super) fn config(verifier: Arc<Verifier>) -> io::Result<Arc<ClientConfig>> {
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let builder =
            builder.dangerous().with_custom_certificate_verifier(Arc::clone(&verifier) as _);
        let mut config = builder.with_client_cert_resolver(verifier);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Every attempt is a whole handshake: a resumed one shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    /// The first message of a client, for whoever wants to see what answers it.
    pub(super) fn hello(&self) -> io::Result<Vec<u8>> {
        let judge = self.judge(None, None).map_err(io::Error::other)?;
        let config = Self::config(Arc::new(Verifier::new(judge, true)))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut hello = Vec::new();
        connection.write_tls(&mut hello)?;
        Ok(hello)
    }

    fn known(&self) -> Arc<RootCertStore> {
        Arc::clone(self.known.get_or_init(|| Arc::new(known())))
    }

    /// A small file on a file system in memory: quicker read than asked whether it has changed.
    fn known_with(&self, file: &str) -> Arc<RootCertStore> {
        let Ok(pem) = fs::read(file) else { return self.known() };
        let mut cached = self.with_file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, roots)) = &*cached
            && *before == pem
        {
            return Arc::clone(roots);
        }
        let mut roots = RootCertStore::clone(&self.known());
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
        let roots = Arc::new(roots);
        *cached = Some((pem, Arc::clone(&roots)));
        roots
    }
}

/// Certificates in PEM that a user gave.
///
/// # Errors
///
/// What cannot be read or used of them, and when there is none.
pub(crate) fn read_pem(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem.as_bytes())) {
        let certificate =
            certificate.map_err(|_| format!("certificate {number} is damaged: it is not PEM"))?;
        roots
            .add(certificate)
            .map_err(|_| format!("certificate {number} is damaged: it is not X.509"))?;
    }
    if roots.is_empty() {
        return Err("there is no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(roots)
}

/// What this machine trusts, or else the world; certificates that cannot be read are left out, as every TLS client does.
fn known() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    }
    roots
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::*;

    #[test]
    fn pem_is_read_or_refused_with_a_reason() {
        let rcgen::CertifiedKey { cert, .. } =
            rcgen::generate_simple_self_signed(["web".to_owned()]).expect("a certificate");
        let text = BASE64_STANDARD.encode(cert.der());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        assert_eq!(read_pem(&pem).expect("one").len(), 1);
        assert_eq!(read_pem(&format!("text\n{pem}\n{pem}")).expect("two").len(), 2);
        let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
        let cases = [
            ("nothing", String::new(), "no certificate in PEM"),
            ("no PEM", "hello".to_owned(), "no certificate in PEM"),
            ("no end", format!("{begin}\nAAAA\n"), "certificate 1 is damaged: it is not PEM"),
            (
                "no base64",
                format!("{begin}\n!\n{end}\n"),
                "certificate 1 is damaged: it is not PEM",
            ),
            (
                "no X.509 after one that is",
                format!("{pem}\n{begin}\nAAAA\n{end}\n"),
                "certificate 2 is damaged: it is not X.509",
            ),
        ];
        for (name, pem, says) in cases {
            let error = read_pem(&pem).expect_err(name);
            assert!(error.contains(says), "{name}: {error}");
        }
    }

    #[test]
    fn the_carried_roots_can_be_used() {
        let mut roots = RootCertStore::empty();
        let carried = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned();
        let (added, ignored) = roots.add_parsable_certificates(carried);
        assert!(added > 100, "{added}");
        assert_eq!(ignored, 0);
    }
}

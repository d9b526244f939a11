//! HTTPS servers on the loopback interface, and authorities that sign their certificates.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::servers::{page, read_request, server};

/// Who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Authority {
    /// One that is called so.
    pub(crate) fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("a certificate"))
    }

    /// Its own certificate, as users hand it over.
    pub(crate) fn pem(&self) -> String {
        pem(self.0.der())
    }

    /// A certificate for these names, after `change`.
    pub(crate) fn sign(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let mut parameters = parameters(names);
        change(&mut parameters);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.0).expect("a certificate");
        identity(&certificate, &key)
    }
}

impl Identity {
    /// The certificate, as users hand it over.
    pub(crate) fn pem(&self) -> String {
        pem(&self.certificate)
    }
}

/// A certificate for these names that vouches for itself, after `change`.
pub(crate) fn self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut parameters = parameters(names);
    change(&mut parameters);
    let key = KeyPair::generate().expect("a key");
    identity(&parameters.self_signed(&key).expect("a certificate"), &key)
}

/// Any certificate in PEM.
fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    let lines: String = lines.collect();
    format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
}

fn parameters(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).expect("names");
    parameters.distinguished_name.push(DnType::CommonName, "the server");
    parameters
}

fn identity(certificate: &rcgen::Certificate, key: &KeyPair) -> Identity {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Identity { certificate: certificate.der().clone(), key }
}

/// Answers HTTPS.
pub(crate) fn https_server(identity: Identity) -> SocketAddr {
    https_saying(identity, page("200 OK", "secret"))
}

/// Answers every request over TLS with these bytes.
pub(crate) fn https_saying(identity: Identity, answer: Vec<u8>) -> SocketAddr {
    serve(identity, &[&TLS12, &TLS13], None, answer)
}

/// The same, for those alone who have a certificate by `clients`, in one version of TLS.
pub(crate) fn mutual_tls_server(
    identity: Identity,
    version: &'static SupportedProtocolVersion,
    clients: &Authority,
) -> SocketAddr {
    serve(identity, &[version], Some(clients), page("200 OK", "secret"))
}

fn serve(
    Identity { certificate, key }: Identity,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
    answer: Vec<u8>,
) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(default_provider().into());
    let config = config.with_protocol_versions(versions).expect("versions");
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(
                Arc::new(roots),
                default_provider().into(),
            );
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let config = config.with_single_cert(vec![certificate], PrivateKeyDer::from(key));
    let (config, answer) = (Arc::new(config.expect("the key fits")), Arc::new(answer));
    server(move |mut tcp| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
        let mut stream = rustls::Stream::new(&mut session, &mut tcp);
        if stream.read(&mut []).is_ok() {
            read_request(&mut stream);
            let _ = stream.write_all(&answer);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    })
}

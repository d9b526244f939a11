//! A TLS handshake on an established connection, and what it showed of the server, whether it succeeded or not.
//!
//! - [`trust`]: whom to believe. [`verifier`]: one that keeps what it was shown.
//! - [`certificate`]: facts of what was shown. [`mod@fault`]: what is wrong, in one word. [`words`]: the same in a sentence.

mod certificate;
mod fault;
mod trust;
mod verifier;
pub(super) mod words;

use std::io;
use std::sync::Arc;

use kubectl_pods_report::{Spoken, Tls, TlsDetails, TlsFault};
use rustls::{ProtocolVersion, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::verifier::Verifier;
use super::failure::Failure;
use super::observed::{Begin, Observed, Seen};
use super::{Stage, Trace};

pub(super) use fault::fault;
pub(super) use trust::Trust;
pub(crate) use trust::read_pem;

/// How to speak TLS to one host.
#[derive(Debug)]
pub(super) struct Client {
    tls: Tls,
    /// Trusted instead of what the machine knows.
    roots: Option<Arc<RootCertStore>>,
}

impl Client {
    /// For `tls`, trusting `roots` instead of what the machine knows, if they are given.
    pub(super) const fn new(tls: Tls, roots: Option<Arc<RootCertStore>>) -> Self {
        Self { tls, roots }
    }

    /// Does now what an attempt would have to wait for.
    pub(super) fn prepare(&self, trust: &Trust) {
        let _ = trust.judge(self.roots.as_ref(), self.tls.ca_file.as_deref()); // The attempt will tell what is wrong.
    }

    /// Speaks TLS to `host` over `stream`.
    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        host: &str,
        trust: &Trust,
        trace: &mut Trace,
    ) -> Result<TlsStream<Observed<TcpStream>>, Failure> {
        trace.stage = Stage::Tls;
        let name = self.tls.server_name.as_deref().unwrap_or(host);
        let details = TlsDetails { server_name: name.to_owned(), ..TlsDetails::default() };
        trace.details.tls = Some(details);
        let server_name = ServerName::try_from(name.to_owned());
        let server_name = server_name.map_err(|_| {
            Failure::Tls(io::Error::other("the host is no name that a certificate could carry"))
        })?;
        let judge = trust.judge(self.roots.as_ref(), self.tls.ca_file.as_deref());
        let judge = judge.map_err(|problem| Failure::Local(io::Error::other(problem)))?;
        let verifier = Arc::new(Verifier::new(judge, self.tls.insecure));
        let config = Trust::config(Arc::clone(&verifier)).map_err(Failure::Local)?;
        let seen = Arc::new(Seen::new(Begin::BYTES));
        let stream = Observed::new(stream, Arc::clone(&seen));
        let begun = Instant::now();
        let result = TlsConnector::from(config).connect(server_name, stream).await;
        let took = begun.elapsed();
        let details = trace.details.tls.get_or_insert_default();
        verifier.tell(details);
        match result {
            Ok(stream) => {
                details.version = stream.get_ref().1.protocol_version().map(version);
                trace.phases.tls_seconds = Some(took.as_secs_f64());
                Ok(stream)
            }
            Err(error) => {
                note(&error, Some(&Begin::of(&seen)), trace);
                Err(Failure::Tls(error))
            }
        }
    }
}

/// Puts into `trace` what `error` says of the server, whose bytes began with `begin` if none of them were TLS.
pub(super) fn note(error: &io::Error, begin: Option<&Begin>, trace: &mut Trace) {
    let (fault, alert) = fault(error);
    let details = trace.details.tls.get_or_insert_default();
    details.alert = alert;
    if let Some(begin) = begin.filter(|begin| !begin.is_empty() && !begin.is_tls()) {
        details.fault = Some(TlsFault::NotTls);
        trace.details.first_bytes = Some(begin.text());
        trace.details.speaks = begin.speaks();
        return;
    }
    let hung_up = matches!(fault, TlsFault::Refused | TlsFault::Closed);
    details.fault = if hung_up && details.wants_client_certificate {
        Some(TlsFault::ClientCertificate)
    } else if fault.is_of_certificate() {
        details.fault.or(Some(fault)) // The verifier knew more.
    } else {
        Some(fault)
    };
}

/// What is spoken at the other end of `stream`, a new connection, if it answers a hello with bytes of TLS.
pub(super) async fn is_spoken(mut stream: TcpStream, trust: &Trust) -> Option<Spoken> {
    let hello = trust.hello().ok()?;
    stream.write_all(&hello).await.ok()?;
    let mut begin = [0; 3];
    stream.read_exact(&mut begin).await.ok()?;
    Begin::new(&begin).is_tls().then_some(Spoken::Tls)
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "1.3".to_owned(),
        other => format!("0x{:04x}", u16::from(other)),
    }
}

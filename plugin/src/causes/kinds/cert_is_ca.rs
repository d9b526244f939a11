//! The server shows the certificate of an authority as its own.

use kubectl_pods_report::{Cause, CauseKind, TlsFault};

use super::{super::scene::Scene, tls};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    tls::faulty(scene, TlsFault::IsCa)?;
    let message = format!(
        "the certificate of {} is that of an authority, made to sign others; strict clients refuse it",
        scene.report.target
    );
    let next = "make it with openssl req -x509 -addext basicConstraints=critical,CA:FALSE, or accept any with -k";
    Some(Cause { kind: CauseKind::CertIsCa, message, next: Some(next.to_owned()), object: None })
}

//! Nobody whom the probe trusts has signed the server's certificate.

use kubectl_pods_report::{Cause, CauseKind, TlsFault};

use super::{super::scene::Scene, tls};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, details) = tls::faulty(scene, TlsFault::UnknownIssuer)?;
    let certificate = details.certificate.as_ref()?;
    let is_own = certificate.subject == certificate.issuer;
    let (signer, next) = if is_own {
        ("itself".to_owned(), "if its clients trust it, so can the probe: --cacert FILE")
    } else {
        let signer = format!("{}, whom the probe does not trust", certificate.issuer);
        let next = "if its clients trust that, so can the probe: --cacert FILE; or the server leaves out a certificate between";
        (signer, next)
    };
    let message = format!("the certificate of {} is signed by {signer}", scene.report.target);
    Some(Cause {
        kind: CauseKind::CertUnknownIssuer,
        message,
        next: Some(next.to_owned()),
        object: None,
    })
}

//! The server wants a certificate of its clients.

use kubectl_pods_report::{Cause, CauseKind, Observation, TlsFault};

use super::{super::scene::Scene, tls};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let certain = tls::faulty(scene, TlsFault::ClientCertificate).is_some();
    if !certain && !hung_up(scene) {
        return None;
    }
    let how = if certain { "wants" } else { "asked for" };
    let end = if certain { "" } else { ", and hung up" };
    let message = format!(
        "{} {how} a certificate of the client, and the probe has none{end}: a mutual TLS peer, as in a mesh",
        scene.report.target
    );
    let next = "ask from a pod that has one; for the network alone use --protocol tcp".to_owned();
    Some(Cause { kind: CauseKind::ClientCertRequired, message, next: Some(next), object: None })
}

/// In TLS 1.3 a server may reset the connection before its refusal can be read.
fn hung_up(scene: &Scene<'_>) -> bool {
    let asked = |tls: &kubectl_pods_report::TlsDetails| tls.wants_client_certificate;
    scene.saw(&[Observation::EmptyReply])
        && scene.report.attempts.iter().any(|a| a.details.tls.as_ref().is_some_and(asked))
}

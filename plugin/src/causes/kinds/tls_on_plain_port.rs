//! TLS was spoken to a server that speaks plain HTTP: its own first bytes say so.

use kubectl_pods_report::{Cause, CauseKind, Spoken, TlsFault};

use super::{super::scene::Scene, tls};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (attempt, _) = tls::faulty(scene, TlsFault::NotTls)?;
    if attempt.details.speaks != Some(Spoken::Http) {
        return None;
    }
    let message = format!("{} speaks plain HTTP, and TLS was spoken to it", scene.report.target);
    let next = "ask with http://, or another port with https://".to_owned();
    Some(Cause { kind: CauseKind::TlsOnPlainPort, message, next: Some(next), object: None })
}

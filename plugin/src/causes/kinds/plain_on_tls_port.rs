//! Plain HTTP was spoken to a server that speaks TLS: it says so in its answer, or answers a hello.

use kubectl_pods_report::{Cause, CauseKind, Spoken};

use super::super::scene::Scene;

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let spoken = |spoken| spoken == Some(Spoken::Tls);
    scene.report.attempts.iter().rev().find(|attempt| spoken(attempt.details.speaks))?;
    let message = format!("{} speaks TLS, and plain HTTP was spoken to it", scene.report.target);
    let next = "ask with https:// (or --protocol https)".to_owned();
    Some(Cause { kind: CauseKind::PlainOnTlsPort, message, next: Some(next), object: None })
}

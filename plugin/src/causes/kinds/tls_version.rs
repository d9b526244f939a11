//! Server and probe have no version of TLS in common.

use kubectl_pods_report::{Cause, CauseKind, TlsFault};

use super::{super::scene::Scene, tls};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    tls::faulty(scene, TlsFault::Version)?;
    let message = format!(
        "{} speaks neither TLS 1.2 nor TLS 1.3, and nothing older is safe",
        scene.report.target
    );
    let next = "allow TLS 1.2 or 1.3 in the server's configuration".to_owned();
    Some(Cause { kind: CauseKind::TlsVersion, message, next: Some(next), object: None })
}

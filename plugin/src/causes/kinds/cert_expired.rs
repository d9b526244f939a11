//! The server's certificate has ended, or is not valid yet, by the clock of the probe.

use kubectl_pods_report::{Cause, CauseKind, TlsFault};

use super::{super::scene::Scene, tls};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let ended = tls::faulty(scene, TlsFault::Expired);
    let (_, details) = ended.or_else(|| tls::faulty(scene, TlsFault::NotYetValid))?;
    let certificate = details.certificate.as_ref()?;
    let day = |seconds: i64| tls::day(seconds).unwrap_or_else(|| seconds.to_string());
    let days = certificate.days_left;
    let what = if details.fault == Some(TlsFault::Expired) {
        let ago = if days == -1 { "a day".to_owned() } else { format!("{} days", -days) };
        format!("ended on {}, less than {ago} ago", day(certificate.not_after_seconds))
    } else {
        format!("is valid only from {}", day(certificate.not_before_seconds))
    };
    let message = format!("the certificate of {} {what}", scene.report.target);
    let next = "renew it; if it was renewed, make the server load the new one".to_owned();
    Some(Cause { kind: CauseKind::CertExpired, message, next: Some(next), object: None })
}

//! What the kinds about TLS have in common.

use jiff::{Timestamp, tz::TimeZone};
use kubectl_pods_report::{Attempt, Judgement, TlsDetails, TlsFault};

use super::super::scene::Scene;

/// The last attempt that was not as expected and had this fault, and what TLS showed in it.
pub(super) fn faulty<'s>(
    scene: &Scene<'s>,
    fault: TlsFault,
) -> Option<(&'s Attempt, &'s TlsDetails)> {
    let attempts = scene.report.attempts.iter().rev();
    let failed = attempts.filter(|attempt| attempt.judgement != Judgement::Held);
    failed
        .filter_map(|attempt| Some((attempt, attempt.details.tls.as_ref()?)))
        .find(|(_, tls)| tls.fault == Some(fault))
}

/// A day as people write it: `2026-11-01`.
pub(super) fn day(unix_seconds: i64) -> Option<String> {
    let moment = Timestamp::from_second(unix_seconds).ok()?.to_zoned(TimeZone::UTC);
    Some(moment.date().to_string())
}

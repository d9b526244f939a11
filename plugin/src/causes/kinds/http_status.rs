//! What an HTTP status usually means. Network and Service are fine: somebody answered.

use kubectl_pods_report::{Cause, CauseKind, HttpDetails, TlsFault, Verdict};

use super::super::{
    container,
    scene::{Scene, Subject},
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    if scene.report.verdict != Verdict::HttpStatus {
        return None;
    }
    let attempt = scene.report.attempts.iter().rev().find(|a| a.verdict == Verdict::HttpStatus)?;
    let HttpDetails { status, server, location, .. } = attempt.http()?;
    let (status, target) = (*status, &scene.report.target);
    let fault = attempt.details.tls.as_ref().and_then(|tls| tls.fault);
    if attempt.details.speaks.is_some() || fault == Some(TlsFault::ClientCertificate) {
        return None; // It says so itself: kinds of their own.
    }
    let who = server.as_ref().map(|server| format!(" ({server})")).unwrap_or_default();
    let meaning = match (status, location) {
        (300..=399, Some(location)) => format!("it sends its clients to {location}"),
        _ => meaning(status)?.to_owned(),
    };
    let message = format!("{target}{who} answers, with status {status}: {meaning}");
    let next = match status {
        500..=599 => logs(scene).unwrap_or_else(|| expect(status)),
        _ => expect(status),
    };
    Some(Cause { kind: CauseKind::HttpStatus, message, next: Some(next), object: None })
}

/// What it usually means, where it usually means something.
const fn meaning(status: u16) -> Option<&'static str> {
    Some(match status {
        300..=399 => "it sends its clients elsewhere",
        400 => {
            "it does not understand the request, as one that speaks TLS, or expects another Host"
        }
        401 => "it wants to know who asks",
        403 => "it knows the request and does not allow it",
        404 => "it has no such path, or not under this Host",
        405 => "it knows the path, and not for GET",
        421 => "it does not answer for this Host",
        429 => "it has been asked too often",
        500 => "the program failed",
        502 => "a proxy in front of the program got no good answer from it",
        503 => "the program is not ready to serve, or a proxy in front finds nobody behind it",
        504 => "a proxy in front of the program waited for it in vain",
        _ => return None,
    })
}

fn expect(status: u16) -> String {
    format!("if that is right, say so: --expect {status}")
}

/// Where the program tells what failed.
fn logs(scene: &Scene<'_>) -> Option<String> {
    let namespace = scene.home();
    Some(match scene.subject {
        Subject::Workload(..) | Subject::Selected(_) => return None,
        _ if scene.service_key().is_some() => {
            let selector = scene.selector().filter(|selector| !selector.is_empty())?;
            format!("run kubectl logs -n {namespace} -l {selector} --tail 20")
        }
        _ => {
            let pod = scene.living_pods().into_iter().next()?;
            let (name, namespace) = (container::name(pod), container::namespace(pod));
            format!("run kubectl logs {name} -n {namespace} --tail 20")
        }
    })
}

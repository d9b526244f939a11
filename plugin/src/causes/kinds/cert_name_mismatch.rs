//! The server's certificate is for other names than the one that it was asked by.

use kubectl_pods_report::{Cause, CauseKind, TlsFault};

use super::{
    super::{scene::Scene, words},
    tls,
};

pub(super) fn cause(scene: &Scene<'_>) -> Option<Cause> {
    let (_, details) = tls::faulty(scene, TlsFault::OtherNames)?;
    let certificate = details.certificate.as_ref()?;
    let names = match (&certificate.names[..], certificate.more_names) {
        ([], _) => "no name at all".to_owned(),
        (names, 0) => words::some(names),
        (names, more) => format!("{} and {more} more", words::some(&names[..names.len().min(3)])),
    };
    let (target, asked) = (&scene.report.target, &details.server_name);
    let message = format!("the certificate of {target} is for {names}, not for {asked}");
    let next = match certificate.names.iter().find(|name| !name.starts_with('*')) {
        Some(name) => {
            format!("ask for it by that name (--server-name {name}), or have {asked} added")
        }
        None => format!("have {asked} added to it as a DNS name or IP address"),
    };
    Some(Cause { kind: CauseKind::CertNameMismatch, message, next: Some(next), object: None })
}

//! What is wrong with TLS, in a sentence. Never a library's own text: those are for programmers.

use std::io;

use kubectl_pods_report::{Certificate, Details, Spoken, TlsDetails, TlsFault};
use rustls::{CertificateError, Error};

use super::certificate::moment;
use super::fault::cause;

/// The sentence for an attempt that ended with `error` at `now` (Unix time), and had found out `details`.
pub(in super::super) fn sentence(error: &io::Error, details: &Details, now: i64) -> String {
    let Some(tls) = &details.tls else { return format!("the TLS handshake failed: {error}") };
    match (&tls.certificate, tls.fault) {
        (_, None) => format!("the TLS handshake failed: {error}"),
        (Some(certificate), Some(fault)) if fault.is_of_certificate() => {
            format!(
                "the server's certificate is not accepted: {}",
                refused(fault, tls, certificate, error, now)
            )
        }
        (_, Some(TlsFault::NotTls)) => no_tls(details),
        (_, Some(fault)) => format!("TLS failed: {}", failed(fault, tls)),
    }
}

fn no_tls(details: &Details) -> String {
    let begin = details.first_bytes.as_deref().unwrap_or_default();
    match details.speaks {
        Some(Spoken::Http) => {
            format!(
                "the port speaks plain HTTP, not TLS: it answered \"{begin}\"; ask with http://"
            )
        }
        _ => format!("what answered is no TLS: \"{begin}\""),
    }
}

fn refused(
    fault: TlsFault,
    tls: &TlsDetails,
    certificate: &Certificate,
    error: &io::Error,
    now: i64,
) -> String {
    let Certificate { subject, issuer, not_before_seconds, not_after_seconds, .. } = certificate;
    let clock = || format!("by the probe's clock it is {}", moment(now));
    match fault {
        TlsFault::Expired => format!("it ended {}; {}", moment(*not_after_seconds), clock()),
        TlsFault::NotYetValid => {
            format!("it begins {}; {}", moment(*not_before_seconds), clock())
        }
        TlsFault::OtherNames => {
            format!("it is for {}, not for {}", names(certificate), tls.server_name)
        }
        TlsFault::UnknownIssuer if subject == issuer => {
            format!("it is signed by itself ({subject}), and not trusted")
        }
        TlsFault::UnknownIssuer => {
            format!(
                "it is signed by {issuer}, which is not trusted, or a certificate between is missing"
            )
        }
        TlsFault::IsCa => format!(
            "it is that of a certificate authority ({subject}), which cannot be a server's: \
             openssl req -x509 makes such unless told otherwise"
        ),
        _ => unacceptable(error).to_owned(),
    }
}

fn names(certificate: &Certificate) -> String {
    match (&certificate.names[..], certificate.more_names) {
        ([], 0) => format!("no name at all (a subject as {} does not count)", certificate.subject),
        (names, 0) => names.join(", "),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn unacceptable(error: &io::Error) -> &'static str {
    let Some(Error::InvalidCertificate(error)) = cause(error) else { return "it is damaged" };
    match error {
        CertificateError::BadEncoding => "it is damaged: it is not X.509",
        CertificateError::Revoked => "it is revoked",
        CertificateError::BadSignature => "its signature is not that of its issuer",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not made for servers (extended key usage)"
        }
        CertificateError::UnhandledCriticalExtension => {
            "it has a critical extension that the probe does not know"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed in a way that the probe does not support, as with SHA-1"
        }
        _ => "it, or a certificate above it, breaks the rules of X.509 (RFC 5280)",
    }
}

fn failed(fault: TlsFault, tls: &TlsDetails) -> String {
    let alert = tls.alert.map(|code| format!(" (alert {code}, {})", alert_name(code)));
    let alert = alert.unwrap_or_default();
    let name = &tls.server_name;
    match fault {
        TlsFault::Version => {
            format!(
                "the server speaks neither TLS 1.2 nor TLS 1.3, and the probe nothing else{alert}"
            )
        }
        TlsFault::NothingInCommon => {
            format!("server and probe have no cipher, group or signature in common{alert}")
        }
        TlsFault::ClientCertificate => {
            format!("the server wants a certificate of the client, and the probe has none{alert}")
        }
        TlsFault::Refused => format!(
            "the server refuses it{alert}: it may not serve {name}, or have no cipher in common with the probe"
        ),
        TlsFault::UnrecognizedName => format!("the server does not serve the name {name}{alert}"),
        TlsFault::Closed => format!(
            "the peer closed in the middle of it: it speaks no TLS, does not serve {name}, or a mesh's proxy wants its own"
        ),
        _ => format!("the peer breaks the rules of TLS{alert}"),
    }
}

/// Names of alerts (RFC 8446, section 6, and IANA's registry).
const fn alert_name(code: u8) -> &'static str {
    match code {
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "without a name",
    }
}

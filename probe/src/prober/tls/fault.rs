//! What rustls found wrong, in one word. Its variants are matched, never its texts, which change and are for programmers.

use std::io;

use kubectl_pods_report::TlsFault;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// The fault behind an error of a TLS stream, and the alert that told it.
pub(in super::super) fn fault(error: &io::Error) -> (TlsFault, Option<u8>) {
    match cause(error) {
        Some(error) => of_error(error, false),
        None if is_end(error) => (TlsFault::Closed, None),
        None => (TlsFault::Broken, None),
    }
}

/// The library's own error inside `error`.
pub(super) fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The fault behind `error`; `is_ca` says whether the server's own certificate is an authority's.
pub(super) fn of_error(error: &Error, is_ca: bool) -> (TlsFault, Option<u8>) {
    match error {
        Error::InvalidCertificate(error) => (of_certificate(error, is_ca), None),
        Error::AlertReceived(alert) => (of_alert(*alert), Some(u8::from(*alert))),
        Error::PeerIncompatible(what) => (of_difference(what), None),
        Error::NoApplicationProtocol => (TlsFault::NothingInCommon, None),
        _ => (TlsFault::Broken, None),
    }
}

fn of_certificate(error: &CertificateError, is_ca: bool) -> TlsFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::OtherNames
        }
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        // webpki looks at the role of the server's own certificate before anything else (`CaUsedAsEndEntity`).
        CertificateError::Other(_) if is_ca => TlsFault::IsCa,
        _ => TlsFault::Unacceptable,
    }
}

fn of_alert(alert: AlertDescription) -> TlsFault {
    match alert {
        AlertDescription::ProtocolVersion => TlsFault::Version,
        AlertDescription::InsufficientSecurity | AlertDescription::NoApplicationProtocol => {
            TlsFault::NothingInCommon
        }
        // Whatever is said of a certificate is said of ours, and we have none.
        AlertDescription::CertificateRequired
        | AlertDescription::NoCertificate
        | AlertDescription::BadCertificate => TlsFault::ClientCertificate,
        AlertDescription::UnrecognisedName => TlsFault::UnrecognizedName,
        AlertDescription::HandshakeFailure
        | AlertDescription::AccessDenied
        | AlertDescription::InternalError => TlsFault::Refused,
        _ => TlsFault::Broken,
    }
}

fn of_difference(what: &PeerIncompatible) -> TlsFault {
    match what {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => TlsFault::Version,
        _ => TlsFault::NothingInCommon,
    }
}

fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{InvalidMessage, OtherError};

    use super::*;

    #[test]
    fn every_error_has_its_word() {
        let odd = || CertificateError::Other(OtherError(Arc::new(io::Error::other("odd"))));
        let certificate = |error| Error::InvalidCertificate(error);
        let cases = [
            (certificate(CertificateError::Expired), false, TlsFault::Expired),
            (certificate(CertificateError::NotValidYet), false, TlsFault::NotYetValid),
            (certificate(CertificateError::NotValidForName), false, TlsFault::OtherNames),
            (certificate(CertificateError::UnknownIssuer), true, TlsFault::UnknownIssuer),
            (certificate(odd()), true, TlsFault::IsCa),
            (certificate(odd()), false, TlsFault::Unacceptable),
            (certificate(CertificateError::Revoked), false, TlsFault::Unacceptable),
            (Error::AlertReceived(AlertDescription::ProtocolVersion), false, TlsFault::Version),
            (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), false, TlsFault::Version),
            (PeerIncompatible::NoCipherSuitesInCommon.into(), false, TlsFault::NothingInCommon),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                false,
                TlsFault::ClientCertificate,
            ),
            (Error::AlertReceived(AlertDescription::HandshakeFailure), false, TlsFault::Refused),
            (InvalidMessage::InvalidContentType.into(), false, TlsFault::Broken),
        ];
        for (error, is_ca, expected) in cases {
            assert_eq!(of_error(&error, is_ca).0, expected, "{error:?}");
        }
        assert_eq!(fault(&io::ErrorKind::UnexpectedEof.into()), (TlsFault::Closed, None));
        let alert = Error::AlertReceived(AlertDescription::HandshakeFailure);
        let alert = io::Error::new(io::ErrorKind::InvalidData, alert);
        assert_eq!(fault(&alert), (TlsFault::Refused, Some(40)));
    }
}

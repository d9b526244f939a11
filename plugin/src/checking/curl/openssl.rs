//! What OpenSSL 3.0 says of TLS that fails: people search for its words.

use kubectl_pods_report::{TlsDetails, TlsFault};

/// What its verification thinks of a certificate: a number (`X509_V_ERR_…`) and words. Names are curl's own business.
pub(super) fn verification(tls: &TlsDetails) -> (u64, &'static str) {
    let is_self_signed =
        tls.certificate.as_ref().is_some_and(|shown| shown.subject == shown.issuer);
    match tls.fault {
        Some(TlsFault::NotYetValid) => (9, "certificate is not yet valid"),
        Some(TlsFault::Expired) => (10, "certificate has expired"),
        Some(TlsFault::UnknownIssuer | TlsFault::IsCa) if is_self_signed => {
            (18, "self-signed certificate")
        }
        Some(TlsFault::UnknownIssuer) if tls.shows_root => {
            (19, "self-signed certificate in certificate chain")
        }
        Some(TlsFault::UnknownIssuer) => (20, "unable to get local issuer certificate"),
        Some(TlsFault::Unacceptable | TlsFault::IsCa) => {
            (1, "unspecified certificate verification error")
        }
        _ => (0, "ok"),
    }
}

/// The error that ended a handshake, as it stands in OpenSSL's queue, if there is one in its words.
pub(super) fn error(tls: &TlsDetails) -> Option<String> {
    // Reasons from ssl/ssl_err.c. An alert's is its own code and 1000.
    let (reason, words) = match (tls.alert, tls.fault) {
        (Some(code), _) => (1000 + u32::from(code), alert(code)?),
        (None, Some(TlsFault::NotTls)) => (0x10B, "wrong version number"),
        (None, Some(TlsFault::Version)) => (0x102, "unsupported protocol"),
        _ => return None,
    };
    // Library 20, which is that of TLS, stands in the upper bits.
    Some(format!("error:{:08X}:SSL routines::{words}", 20 << 23 | reason))
}

const fn alert(code: u8) -> Option<&'static str> {
    Some(match code {
        10 => "sslv3 alert unexpected message",
        20 => "sslv3 alert bad record mac",
        21 => "tlsv1 alert decryption failed",
        22 => "tlsv1 alert record overflow",
        30 => "sslv3 alert decompression failure",
        40 => "sslv3 alert handshake failure",
        41 => "sslv3 alert no certificate",
        42 => "sslv3 alert bad certificate",
        43 => "sslv3 alert unsupported certificate",
        44 => "sslv3 alert certificate revoked",
        45 => "sslv3 alert certificate expired",
        46 => "sslv3 alert certificate unknown",
        47 => "sslv3 alert illegal parameter",
        48 => "tlsv1 alert unknown ca",
        49 => "tlsv1 alert access denied",
        50 => "tlsv1 alert decode error",
        51 => "tlsv1 alert decrypt error",
        60 => "tlsv1 alert export restriction",
        70 => "tlsv1 alert protocol version",
        71 => "tlsv1 alert insufficient security",
        80 => "tlsv1 alert internal error",
        86 => "tlsv1 alert inappropriate fallback",
        90 => "tlsv1 alert user cancelled",
        100 => "tlsv1 alert no renegotiation",
        109 => "tlsv13 alert missing extension",
        110 => "tlsv1 unsupported extension",
        112 => "tlsv1 unrecognized name",
        115 => "tlsv1 alert unknown psk identity",
        116 => "tlsv13 alert certificate required",
        120 => "tlsv1 alert no application protocol",
        _ => return None,
    })
}

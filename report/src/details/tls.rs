use serde::{Deserialize, Serialize};

/// What a TLS handshake showed, whether it succeeded or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsDetails {
    /// The name that was asked for (SNI, unless it is an address) and that the certificate must have.
    pub server_name: String,
    /// `1.3`, `1.2`; absent when the handshake failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The server's own certificate, once it was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Unix time at which the first of the certificates that the server showed ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest_end_seconds: Option<i64>,
    /// Whether it showed, after its own, the certificate of an authority that vouches for itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shows_root: bool,
    /// What is wrong, even if it was accepted because any certificate is ([`crate::Tls::insecure`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<TlsFault>,
    /// Whether the server asked for a certificate of the client, of which the probe has none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wants_client_certificate: bool,
    /// The fatal alert that the server sent (RFC 8446, section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
}

/// Facts of one X.509 certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Distinguished name of whom it is for, at most 120 characters: `CN=web`.
    pub subject: String,
    /// Distinguished name of who signed it, at most 120 characters.
    pub issuer: String,
    /// Unix time from which it is valid.
    pub not_before_seconds: i64,
    /// Unix time until which it is valid.
    pub not_after_seconds: i64,
    /// Whole days from the attempt to that end; negative when it had ended.
    pub days_left: i64,
    /// DNS names and IP addresses that it is for; the first of them, 400 characters at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How many names more it has.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_names: usize,
    /// Whether it is the certificate of an authority, made to sign others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_ca: bool,
}

/// What is wrong with a certificate or with the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsFault {
    /// The certificate has ended.
    Expired,
    /// The certificate is not yet valid.
    NotYetValid,
    /// The certificate is for other names, or for none.
    OtherNames,
    /// It is signed by nobody who is trusted, or the server left out a certificate between.
    UnknownIssuer,
    /// A certificate authority's own certificate, which is not one of a server.
    IsCa,
    /// Wrong in another way: revoked, badly signed or encoded, for another purpose.
    Unacceptable,
    /// There is no version of TLS that both speak.
    Version,
    /// There is a version, but no cipher, group or signature that both know.
    NothingInCommon,
    /// The server wants a certificate of the client.
    ClientCertificate,
    /// The server refused the handshake and does not say more.
    Refused,
    /// The server does not know the name that it was asked for.
    UnrecognizedName,
    /// The peer closed or reset the connection instead of answering.
    Closed,
    /// What answered is no TLS.
    NotTls,
    /// Anything else against the rules of TLS.
    Broken,
}

impl TlsFault {
    /// Whether it is one of the certificate, not of the handshake.
    #[must_use]
    pub const fn is_of_certificate(self) -> bool {
        matches!(
            self,
            Self::Expired
                | Self::NotYetValid
                | Self::OtherNames
                | Self::UnknownIssuer
                | Self::IsCa
                | Self::Unacceptable
        )
    }
}

impl Certificate {
    /// The same as it looks at `now_seconds` (Unix time): [`Self::days_left`] counts from then.
    #[must_use]
    pub const fn at(mut self, now_seconds: i64) -> Self {
        self.days_left = self.not_after_seconds.saturating_sub(now_seconds).div_euclid(86_400);
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::Certificate;

    #[test]
    fn days_left_are_whole_days() {
        let certificate = Certificate { not_after_seconds: 10 * 86_400, ..Certificate::default() };
        for (now, left) in [(0, 10), (1, 9), (10 * 86_400, 0), (10 * 86_400 + 1, -1)] {
            assert_eq!(certificate.clone().at(now).days_left, left, "at {now}");
        }
    }
}

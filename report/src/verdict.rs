//! The closed set of answers about one target.

use serde::{Deserialize, Serialize};

/// What one attempt says about its target.
///
/// `Starved` and `NotRun` speak about us, not about the target: they never count as a failure of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Connected, and every assertion held.
    Open,
    /// A reset answered the SYN: nothing listens there, or a firewall resets (one end cannot tell).
    Refused,
    /// An ICMP error answered; type, code and sender are in the evidence.
    Rejected,
    /// SYNs were sent and nothing answered.
    Dropped,
    /// The probe's own kernel has no route, refuses to send, or finds that nobody on its own network has the address.
    NoRoute,
    /// The name does not exist.
    DnsNxdomain,
    /// The resolver answered with a failure.
    DnsServfail,
    /// The resolver did not answer.
    DnsTimeout,
    /// The TLS handshake failed.
    TlsHandshake,
    /// The server's certificate was not accepted.
    TlsCertificate,
    /// The HTTP status is not one of the expected.
    HttpStatus,
    /// The body lacks what was expected, or ends before its announced end.
    BodyMismatch,
    /// Established, then silence until the time-out.
    Stalled,
    /// The peer closed or reset the connection without an answer.
    EmptyReply,
    /// Somebody else answered: something that does not speak HTTP/1.
    WrongPeer,
    /// The cluster says that the target has ended, so nothing was sent: its last address may be another's by now.
    Stopped,
    /// The probe itself was paused too long for its result to mean anything.
    Starved,
    /// The attempt was not made.
    NotRun,
}

impl Verdict {
    /// Every verdict, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::Open,
        Self::Refused,
        Self::Rejected,
        Self::Dropped,
        Self::NoRoute,
        Self::DnsNxdomain,
        Self::DnsServfail,
        Self::DnsTimeout,
        Self::TlsHandshake,
        Self::TlsCertificate,
        Self::HttpStatus,
        Self::BodyMismatch,
        Self::Stalled,
        Self::EmptyReply,
        Self::WrongPeer,
        Self::Stopped,
        Self::Starved,
        Self::NotRun,
    ];

    /// The word used in tables, JSON and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::NoRoute => "no-route",
            Self::DnsNxdomain => "dns-nxdomain",
            Self::DnsServfail => "dns-servfail",
            Self::DnsTimeout => "dns-timeout",
            Self::TlsHandshake => "tls-handshake",
            Self::TlsCertificate => "tls-certificate",
            Self::HttpStatus => "http-status",
            Self::BodyMismatch => "body-mismatch",
            Self::Stalled => "stalled",
            Self::EmptyReply => "empty-reply",
            Self::WrongPeer => "wrong-peer",
            Self::Stopped => "stopped",
            Self::Starved => "starved",
            Self::NotRun => "not-run",
        }
    }

    /// Whether this verdict says something about the target, rather than about the probe.
    #[must_use]
    pub const fn is_conclusive(self) -> bool {
        !matches!(self, Self::Starved | Self::NotRun)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn the_word_is_the_wire_name() {
        for verdict in Verdict::ALL {
            let wire = serde_json::to_string(&verdict).expect("a unit variant serializes");
            assert_eq!(wire, format!("\"{verdict}\""));
        }
    }
}

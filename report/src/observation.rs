//! The closed set of what an attempt can see.

use serde::{Deserialize, Serialize};

/// What one attempt saw. Whether that is right is a [`crate::Judgement`].
///
/// `Starved` and `NotRun` speak about us, not about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// The protocol was spoken to its end; for HTTP, whatever the status.
    Open,
    /// A reset answered the SYN: nothing listens there, or a firewall resets (one end cannot tell).
    Refused,
    /// An ICMP error answered; type, code and sender are in the evidence.
    Rejected,
    /// SYNs were sent and nothing answered.
    Dropped,
    /// A datagram was sent over UDP and nothing answered, which proves nothing: whoever got it may have nothing to say.
    Silent,
    /// The probe's own kernel has no route, refuses to send, or finds that nobody on its own network has the address.
    NoRoute,
    /// The resolver says that the name does not exist, and did not fail on any name of the search list.
    DnsNxdomain,
    /// The name exists and has no address of a family that is looked for.
    DnsNodata,
    /// The resolver answered with a failure: SERVFAIL, REFUSED, or something unreadable.
    DnsServfail,
    /// The resolver did not answer.
    DnsTimeout,
    /// The TLS handshake failed.
    TlsHandshake,
    /// The server's certificate was not accepted.
    TlsCertificate,
    /// Something answered that does not speak HTTP/1, or HTTP/2 where gRPC was spoken.
    NotHttp,
    /// A gRPC server answered, and does not say that it serves: it does not, or has no health service.
    NotServing,
    /// The answer ended before its announced end.
    CutShort,
    /// Established, then silence until the time-out.
    Stalled,
    /// The peer closed or reset the connection without an answer.
    EmptyReply,
    /// Another pod or owner answered. The word is kept for probers that ask who answers; none does yet.
    WrongPeer,
    /// The cluster says that the target has ended, so nothing was sent: its last address may be another's by now.
    Stopped,
    /// The cluster says that there is no such object, so nothing was sent.
    Absent,
    /// The probe itself was paused too long for its result to mean anything.
    Starved,
    /// The attempt was not made.
    NotRun,
}

impl Observation {
    /// Every observation, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Self::Open,
        Self::Refused,
        Self::Rejected,
        Self::Dropped,
        Self::Silent,
        Self::NoRoute,
        Self::DnsNxdomain,
        Self::DnsNodata,
        Self::DnsServfail,
        Self::DnsTimeout,
        Self::TlsHandshake,
        Self::TlsCertificate,
        Self::NotHttp,
        Self::NotServing,
        Self::CutShort,
        Self::Stalled,
        Self::EmptyReply,
        Self::WrongPeer,
        Self::Stopped,
        Self::Absent,
        Self::Starved,
        Self::NotRun,
    ];

    /// The word used in JSON, and in tables and metric labels as the verdict.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::Silent => "silent",
            Self::NoRoute => "no-route",
            Self::DnsNxdomain => "dns-nxdomain",
            Self::DnsNodata => "dns-nodata",
            Self::DnsServfail => "dns-servfail",
            Self::DnsTimeout => "dns-timeout",
            Self::TlsHandshake => "tls-handshake",
            Self::TlsCertificate => "tls-certificate",
            Self::NotHttp => "not-http",
            Self::NotServing => "not-serving",
            Self::CutShort => "cut-short",
            Self::Stalled => "stalled",
            Self::EmptyReply => "empty-reply",
            Self::WrongPeer => "wrong-peer",
            Self::Stopped => "stopped",
            Self::Absent => "absent",
            Self::Starved => "starved",
            Self::NotRun => "not-run",
        }
    }
}

impl std::fmt::Display for Observation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Observation;

    #[test]
    fn the_word_is_the_wire_name() {
        for observation in Observation::ALL {
            let wire = serde_json::to_string(&observation).expect("a unit variant serializes");
            assert_eq!(wire, format!("\"{observation}\""));
        }
    }
}

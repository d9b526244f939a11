//! The ways in which an attempt can fail, as the steps find them.

use std::io;
use std::net::IpAddr;

use hickory_resolver::proto::op::ResponseCode;
use kubectl_pods_report::Observation;

use crate::evidence::errno_name;

/// Why an attempt did not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// A limit of the check passed; `Trace::stage` tells where.
    TimedOut,
    /// No address.
    Resolve(ResolveFailure),
    /// We could not even try: no descriptor, no memory.
    Local(io::Error),
    /// The handshake failed.
    Connect(io::Error),
    /// TLS failed.
    Tls(io::Error),
    /// Closed, or reset with this error, before an answer.
    NoAnswer(Option<io::Error>),
    /// An answer that is wrong in a way that only its prober can name.
    Answer {
        /// What that is.
        observation: Observation,
        /// The sentence for people.
        message: String,
        /// The socket error behind it, if there was one.
        error: Option<io::Error>,
    },
}

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResolveFailure {
    /// No such name.
    NoSuchName,
    /// The name exists and has no address that we look for.
    NoAddress,
    /// About this name the resolver answered with this code; without one, with something unreadable.
    Server { name: String, code: Option<ResponseCode> },
    /// About this name the resolver did not answer; what was seen.
    Silence { name: String, seen: String },
    /// Not even a name.
    BadName,
    /// This machine's configuration cannot be read.
    Configuration(String),
    /// The name leads to an address that only its literal may name.
    Forbidden(IpAddr),
}

impl Failure {
    /// Symbolic name of the socket error, if there was one.
    pub(super) fn errno(&self) -> Option<String> {
        match self {
            Self::Local(error) | Self::Connect(error) | Self::Tls(error) => errno_name(error),
            Self::NoAnswer(error) | Self::Answer { error, .. } => errno_name(error.as_ref()?),
            Self::TimedOut | Self::Resolve(_) => None,
        }
    }
}

//! The ways in which an attempt can fail, as the steps find them.

use std::io;

use super::resolve::ResolveFailure;
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
    /// Closed, or reset with this error, before an answer was whole.
    NoAnswer(Option<io::Error>),
    /// An answer that is not HTTP/1.
    NotHttp(String),
    /// Closed or reset in the middle of the body.
    CutShort(Option<io::Error>),
    /// A status that is not expected.
    Status(u16),
    /// A body without the expected text.
    Body,
}

impl Failure {
    /// Symbolic name of the socket error, if there was one.
    pub(super) fn errno(&self) -> Option<String> {
        match self {
            Self::Local(error) | Self::Connect(error) | Self::Tls(error) => errno_name(error),
            Self::NoAnswer(error) | Self::CutShort(error) => errno_name(error.as_ref()?),
            _ => None,
        }
    }
}

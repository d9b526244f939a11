//! What name resolution, TLS, HTTP and datagrams found out on their way. A protocol that has nothing of its own adds nothing.

mod backend;
mod grpc;
mod http;
mod name;
mod tls;

use serde::{Deserialize, Serialize};

pub use backend::Backend;
pub use grpc::GrpcDetails;
pub use http::{HttpDetails, HttpFault};
pub use name::{Asked, NameAnswer, NameDetails};
pub use tls::{Certificate, TlsDetails, TlsFault};

/// Facts of the steps of one attempt, as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// What the resolver said; absent for an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<NameDetails>,
    /// What the TLS handshake showed, even if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDetails>,
    /// An HTTP answer, whole or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpDetails>,
    /// Why an HTTP answer is none, or not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_fault: Option<HttpFault>,
    /// What a gRPC server said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcDetails>,
    /// Nanoseconds from an ICMP echo request, or the first datagram to a UDP port, to its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_nanoseconds: Option<u64>,
    /// Who answered a datagram, if it was a standing probe, which names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Backend>,
    /// The begin of what answered in another protocol than the one asked for, at most 32 bytes, with `\xNN` for what is no
    /// printable ASCII.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bytes: Option<String>,
    /// What is spoken there instead, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaks: Option<Spoken>,
}

/// What a port speaks, told from its own bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spoken {
    /// HTTP without TLS.
    Http,
    /// TLS.
    Tls,
}

impl Details {
    /// Whether nothing was found out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

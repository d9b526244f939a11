//! One request and what became of it, for whoever wants to see every step: curl's `-v` and `-w`, and redirects.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{Phases, TlsDetails};

/// One request of an attempt: of one that followed redirects, there are several.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hop {
    /// [`crate::Check::id`].
    pub check: u32,
    /// What was asked for, without credentials and fragment.
    pub url: String,
    /// The host alone, as it stands there.
    pub host: String,
    /// Port to connect to.
    pub port: u16,
    /// The address that was tried, once it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Our end of the connection, once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// Head of the request, if it was sent; what is no UTF-8 is replaced.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// Bytes of the request's body.
    #[serde(skip_serializing_if = "is_zero")]
    pub request_body_bytes: u64,
    /// Bytes of the answer's head, if one came.
    #[serde(skip_serializing_if = "is_zero")]
    pub head_bytes: u64,
    /// What stood after the chunks of the answer's body, as it came: standard base64.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trailers: String,
    /// From the begin of the attempt to the begin of this request.
    pub began_seconds: f64,
    /// From there to its end.
    pub took_seconds: f64,
    /// Length of each phase that was completed (not cumulative).
    pub phases: Phases,
    /// What the TLS handshake showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDetails>,
    /// Where a redirect leads, followed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// Why a redirect was not followed although that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_followed: Option<NotFollowed>,
}

/// Why a redirect was not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", content = "what", rename_all = "kebab-case")]
pub enum NotFollowed {
    /// There were as many as [`crate::Redirects::max`] allows.
    TooMany,
    /// It leads to a scheme that is not HTTP: `ftp`.
    Scheme(String),
    /// It leads nowhere: what is wrong with the `Location`.
    BadLocation(String),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

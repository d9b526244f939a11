//! What only one protocol has to say about an attempt. A protocol that has nothing of its own needs no variant.

use serde::{Deserialize, Serialize};

/// Facts of one protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Details {
    /// An HTTP answer, whole or not.
    Http(HttpDetails),
}

/// An HTTP answer whose head came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpDetails {
    /// Status code.
    pub status: u16,
    /// Body bytes received.
    #[serde(default)]
    pub body_bytes: u64,
    /// More came and was left out because of [`crate::HttpRequest::max_body_bytes`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Those of [`crate::HttpRequest::find`] that were in the body as far as it was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
}

impl Details {
    /// What HTTP has, if that was spoken.
    #[must_use]
    pub const fn http(&self) -> Option<&HttpDetails> {
        match self {
            Self::Http(http) => Some(http),
        }
    }

    /// Bytes of the answer's content that came.
    #[must_use]
    pub const fn content_bytes(&self) -> u64 {
        match self {
            Self::Http(http) => http.body_bytes,
        }
    }

    /// Whether more came than was to be read.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        match self {
            Self::Http(http) => http.truncated,
        }
    }
}

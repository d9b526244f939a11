use serde::{Deserialize, Serialize};

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
    /// The header `Server`: who answered, which may be a proxy. At most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The header `Location`: where a redirect leads. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// Why an answer is none of HTTP/1 (RFC 9112), or not a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpFault {
    /// It does not begin as HTTP does.
    NotHttp,
    /// Its first line has a version, or a status, that HTTP/1 does not know.
    StatusLine,
    /// A line of its head has no colon.
    NoColon,
    /// A NUL byte stands in its head.
    Nul,
    /// `Content-Length` is no number.
    ContentLength,
    /// Its head, with the informational ones before it, is larger than is read.
    HeadTooLarge,
    /// It ends in the middle of its head, or after an informational one.
    HeadCut,
    /// Its head breaks another rule.
    Head,
    /// The length of a chunk of its body is no number, or too large a one.
    ChunkSize,
    /// The length of a chunk has too many digits.
    ChunkSizeTooLong,
    /// A chunk is longer than it says.
    ChunkEnd,
    /// What stands between the chunks of its body, or after them, is none of it in another way, or nobody knows in which.
    Chunks,
}

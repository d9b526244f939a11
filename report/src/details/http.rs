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

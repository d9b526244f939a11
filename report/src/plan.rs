//! What a probe is asked to do.

use serde::{Deserialize, Serialize};

/// Everything one probe needs to know. The probe knows nothing of Kubernetes: names were resolved by the plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`crate::WIRE_VERSION`] of the writer.
    pub version: u32,
    /// What to check, in the order in which results are reported.
    pub checks: Vec<Check>,
    /// Attempts for each check in a one-shot run; at least 1.
    #[serde(default = "one")]
    pub attempts: u32,
    /// Time between two rounds of a standing probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_seconds: Option<f64>,
}

/// One thing to check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What the user called the target: `nginx-ser`, `svc/web:8080`. Label of tables and metrics.
    pub target: String,
    /// Host name or IP address to connect to (IPv6 without brackets).
    pub host: String,
    /// Port to connect to.
    pub port: u16,
    /// How to speak there.
    pub protocol: Protocol,
    /// Limit for name resolution and connection together.
    pub connect_timeout_seconds: f64,
    /// Limit for the whole attempt.
    pub timeout_seconds: f64,
    /// Path and headers; only for [`Protocol::Http`] and [`Protocol::Https`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpRequest>,
    /// What must hold for [`crate::Verdict::Open`].
    #[serde(default)]
    pub expect: Expect,
}

/// Protocol of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// A TCP handshake.
    Tcp,
    /// HTTP/1.1 over TCP.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
}

impl Protocol {
    /// The word used in tables, JSON and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// One HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Method, `GET` unless asked otherwise.
    pub method: String,
    /// Path and query, starting with `/`.
    pub path: String,
    /// Headers in the order given; `Host`, `User-Agent` and `Accept` are added when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Request body as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Send the answer's head and body back as [`crate::Record::Head`] and [`crate::Record::Body`].
    #[serde(default)]
    pub return_body: bool,
    /// Stop reading the answer's body after so many bytes and say so; absent: read it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// Accept any certificate.
    #[serde(default)]
    pub insecure: bool,
}

impl Default for HttpRequest {
    /// `GET /`.
    fn default() -> Self {
        Self {
            method: "GET".into(),
            path: "/".into(),
            headers: Vec::new(),
            body: None,
            return_body: false,
            max_body_bytes: None,
            insecure: false,
        }
    }
}

/// Assertions about the answer. An empty set holds for everything that answers at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expect {
    /// Accepted HTTP statuses as inclusive ranges; empty: 200 to 399 for `check`, all for `curl`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<(u16, u16)>,
    /// Text that the body must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
}

const fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::Protocol;

    #[test]
    fn the_word_is_the_wire_name() {
        for protocol in [Protocol::Tcp, Protocol::Http, Protocol::Https] {
            let wire = serde_json::to_string(&protocol).expect("a unit variant serializes");
            assert_eq!(wire, format!("\"{}\"", protocol.as_str()));
        }
    }
}

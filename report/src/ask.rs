//! What to ask of a target: one variant for each protocol, with what only that protocol needs.

use serde::{Deserialize, Serialize};

/// What to do at a host. A protocol without ports has a variant without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Ask {
    /// A TCP handshake.
    Tcp {
        /// Port to connect to.
        port: u16,
    },
    /// One HTTP/1.1 request.
    Http {
        /// Port to connect to.
        port: u16,
        /// Speak TLS below HTTP; absent: do not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Tls>,
        /// The request.
        #[serde(default)]
        request: HttpRequest,
    },
    /// A datagram, and whatever answers it.
    Udp {
        /// Port to send it to.
        port: u16,
    },
    /// What the resolver says about the host.
    Dns,
    /// An ICMP echo.
    Icmp,
}

/// How to speak TLS. Whom to trust is said once for a whole plan, in [`crate::Plan::roots`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// Accept any certificate.
    pub insecure: bool,
    /// The name to ask for (SNI) and to find in the certificate; absent: the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// File in PEM, where the probe runs, with further certificates to trust for this check; one that is not there adds none.
    /// [`crate::Plan::roots`] makes it void.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

/// The word for what is spoken, in tables, JSON and metric labels, and the scheme in a target's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// A TCP handshake.
    Tcp,
    /// HTTP/1.1 over TCP.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// A datagram over UDP.
    Udp,
    /// The resolver alone.
    Dns,
    /// An ICMP echo.
    Icmp,
}

/// What has ports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// One HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    /// Method, `GET` unless asked otherwise.
    pub method: String,
    /// Path and query, starting with `/`.
    pub path: String,
    /// Headers in the order given; `Host`, `User-Agent` and `Accept` are added when absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Request body as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Send the answer's head and body back as [`crate::Record::Head`] and [`crate::Record::Body`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub return_body: bool,
    /// Stop reading the answer's body after so many bytes and say so; absent: read it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// Texts to look for in the answer's body while it passes; [`crate::HttpDetails::found`] has those that were in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub find: Vec<String>,
}

impl Ask {
    /// A TCP handshake.
    #[must_use]
    pub const fn tcp(port: u16) -> Self {
        Self::Tcp { port }
    }

    /// An HTTP request without TLS.
    #[must_use]
    pub const fn http(port: u16, request: HttpRequest) -> Self {
        Self::Http { port, tls: None, request }
    }

    /// An HTTP request over TLS.
    #[must_use]
    pub const fn https(port: u16, tls: Tls, request: HttpRequest) -> Self {
        Self::Http { port, tls: Some(tls), request }
    }

    /// The port, where the protocol has one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp { port } | Self::Http { port, .. } | Self::Udp { port } => Some(*port),
            Self::Dns | Self::Icmp => None,
        }
    }

    /// The word for what is spoken.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::Tcp { .. } => Protocol::Tcp,
            Self::Http { tls: None, .. } => Protocol::Http,
            Self::Http { tls: Some(_), .. } => Protocol::Https,
            Self::Udp { .. } => Protocol::Udp,
            Self::Dns => Protocol::Dns,
            Self::Icmp => Protocol::Icmp,
        }
    }

    /// The request, where HTTP is spoken.
    #[must_use]
    pub const fn http_request(&self) -> Option<&HttpRequest> {
        match self {
            Self::Tcp { .. } | Self::Udp { .. } | Self::Dns | Self::Icmp => None,
            Self::Http { request, .. } => Some(request),
        }
    }

    /// The same for whoever may see results but not secrets: without the values of headers and without a body.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        if let Self::Http { request, .. } = &mut self {
            request.body = None;
            for (_, value) in &mut request.headers {
                "(not shown)".clone_into(value);
            }
        }
        self
    }
}

impl Transport {
    /// The word of Kubernetes for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

impl Protocol {
    /// Whether it is spoken at a port.
    #[must_use]
    pub const fn has_port(self) -> bool {
        self.transport().is_some()
    }

    /// Whose ports it has, if any.
    #[must_use]
    pub const fn transport(self) -> Option<Transport> {
        match self {
            Self::Tcp | Self::Http | Self::Https => Some(Transport::Tcp),
            Self::Udp => Some(Transport::Udp),
            Self::Dns | Self::Icmp => None,
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Https => "https",
            Self::Udp => "udp",
            Self::Dns => "dns",
            Self::Icmp => "icmp",
        }
    }
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
            find: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_wire_name() {
        use Protocol::{Dns, Http, Https, Icmp, Tcp, Udp};
        for protocol in [Tcp, Http, Https, Udp, Dns, Icmp] {
            let wire = serde_json::to_string(&protocol).expect("a unit variant serializes");
            assert_eq!(wire, format!("\"{}\"", protocol.as_str()));
        }
    }

    #[test]
    fn an_ask_says_its_protocol_and_nothing_that_goes_without_saying() {
        let request = HttpRequest::default();
        let cases = [
            (Ask::tcp(5432), r#"{"protocol":"tcp","port":5432}"#, "tcp"),
            (Ask::Udp { port: 53 }, r#"{"protocol":"udp","port":53}"#, "udp"),
            (Ask::Dns, r#"{"protocol":"dns"}"#, "dns"),
            (Ask::Icmp, r#"{"protocol":"icmp"}"#, "icmp"),
            (
                Ask::http(80, request.clone()),
                r#"{"protocol":"http","port":80,"request":{"method":"GET","path":"/"}}"#,
                "http",
            ),
            (
                Ask::https(443, Tls { insecure: true, ..Tls::default() }, request),
                r#"{"protocol":"http","port":443,"tls":{"insecure":true},"request":{"method":"GET","path":"/"}}"#,
                "https",
            ),
        ];
        for (ask, wire, word) in cases {
            assert_eq!(serde_json::to_string(&ask).expect("JSON"), wire);
            assert_eq!(serde_json::from_str::<Ask>(wire).expect(wire), ask);
            assert_eq!(ask.protocol().as_str(), word);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let request = HttpRequest {
            headers: vec![("Authorization".into(), "Bearer secret".into())],
            body: Some("secret".into()),
            ..HttpRequest::default()
        };
        let shown = Ask::http(80, request).without_secrets();
        let json = serde_json::to_string(&shown).expect("JSON");
        assert!(json.contains("Authorization") && !json.contains("secret"), "{json}");
    }
}

//! What to ask of a target: one variant for each protocol, with what only that protocol needs.

use std::net::IpAddr;

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
    /// A gRPC server's health, over HTTP/2 without TLS.
    Grpc {
        /// Port to connect to.
        port: u16,
        /// The service whose health is asked for; empty: the server as a whole.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        service: String,
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
    /// gRPC over HTTP/2.
    Grpc,
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
    /// Headers in the order and spelling given; `Host`, `User-Agent` and `Accept` are added when absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Add no `User-Agent` and no `Accept`: [`HttpRequest::headers`] has what there is to be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_defaults: bool,
    /// Request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<Payload>>,
    /// Follow where redirects lead, and report the last answer; absent: a redirect is an answer like others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirects: Option<Box<Redirects>>,
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

/// Body of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// Its bytes.
    #[serde(flatten)]
    pub data: PayloadData,
    /// `Content-Type` to send with it, unless [`HttpRequest::headers`] has one; it goes where the body goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// Bytes of a body, readable where they are text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PayloadData {
    /// Text.
    Text(String),
    /// Standard base64 of any bytes.
    Base64(String),
}

/// How redirects are followed: as curl does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redirects {
    /// So many at most.
    pub max: u32,
    /// The method was chosen by the user: it stays, even if the body goes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_method: bool,
    /// Send `Authorization` and `Cookie` to other hosts too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trust_all: bool,
    /// How to speak TLS to the host of the first request; to others with its [`Tls::insecure`] alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Hosts (`*`: any) and ports with the address to connect to, whatever the resolver says; the last that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<(String, u16, IpAddr)>,
}

impl Payload {
    /// Text, with no word on what it is.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { data: PayloadData::Text(text.into()), content_type: None }
    }
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
            Self::Tcp { port }
            | Self::Http { port, .. }
            | Self::Grpc { port, .. }
            | Self::Udp { port } => Some(*port),
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
            Self::Grpc { .. } => Protocol::Grpc,
            Self::Udp { .. } => Protocol::Udp,
            Self::Dns => Protocol::Dns,
            Self::Icmp => Protocol::Icmp,
        }
    }

    /// The request, where HTTP is spoken.
    #[must_use]
    pub const fn http_request(&self) -> Option<&HttpRequest> {
        match self {
            Self::Http { request, .. } => Some(request),
            _ => None,
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
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::Http, Self::Https, Self::Tcp, Self::Grpc, Self::Udp, Self::Dns, Self::Icmp];

    /// The one of this word, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether it is HTTP/1.1, with or without TLS.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    /// Whether it is spoken at a port.
    #[must_use]
    pub const fn has_port(self) -> bool {
        self.transport().is_some()
    }

    /// Whose ports it has, if any.
    #[must_use]
    pub const fn transport(self) -> Option<Transport> {
        match self {
            Self::Tcp | Self::Http | Self::Https | Self::Grpc => Some(Transport::Tcp),
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
            Self::Grpc => "grpc",
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
            no_defaults: false,
            body: None,
            redirects: None,
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
        for protocol in Protocol::ALL {
            let wire = serde_json::to_string(&protocol).expect("a unit variant serializes");
            assert_eq!(wire, format!("\"{}\"", protocol.as_str()));
            assert_eq!(Protocol::of_word(&protocol.as_str().to_uppercase()), Some(protocol));
        }
    }

    #[test]
    fn an_ask_says_its_protocol_and_nothing_that_goes_without_saying() {
        let request = HttpRequest::default();
        let cases = [
            (Ask::tcp(5432), r#"{"protocol":"tcp","port":5432}"#, "tcp"),
            (
                Ask::Grpc { port: 50051, service: String::new() },
                r#"{"protocol":"grpc","port":50051}"#,
                "grpc",
            ),
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
    fn a_body_is_readable_where_it_is_text() {
        let cases = [
            (Payload::text("a=1"), r#"{"text":"a=1"}"#),
            (
                Payload {
                    data: PayloadData::Base64("/w==".into()),
                    content_type: Some("a/b".into()),
                },
                r#"{"base64":"/w==","content_type":"a/b"}"#,
            ),
        ];
        for (payload, wire) in cases {
            assert_eq!(serde_json::to_string(&payload).expect("JSON"), wire);
            assert_eq!(serde_json::from_str::<Payload>(wire).expect(wire), payload);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let request = HttpRequest {
            headers: vec![("Authorization".into(), "Bearer secret".into())],
            body: Some(Box::new(Payload::text("secret"))),
            ..HttpRequest::default()
        };
        let shown = Ask::http(80, request).without_secrets();
        let json = serde_json::to_string(&shown).expect("JSON");
        assert!(json.contains("Authorization") && !json.contains("secret"), "{json}");
    }
}

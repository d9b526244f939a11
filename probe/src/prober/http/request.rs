//! A request as the plan describes it, made ready to be sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use kubectl_pods_report::{HttpRequest, PayloadData};

/// A request that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    /// What it means, for whoever frames the body and understands the answer.
    pub(super) request: Request<Full<Bytes>>,
    /// Its head, spelt as it is sent.
    pub(super) head: Bytes,
    /// Length of its body.
    pub(super) body_bytes: u64,
}

/// The request `wanted`, for `authority` unless it names another host itself.
///
/// # Errors
///
/// What about it cannot be sent.
pub(super) fn build(authority: &str, wanted: &HttpRequest) -> Result<Ready, String> {
    let method: Method =
        wanted.method.parse().map_err(|_| format!("bad method {:?}", wanted.method))?;
    let path: Uri = wanted.path.parse().map_err(|_| format!("bad path {:?}", wanted.path))?;
    if !wanted.path.starts_with('/') {
        return Err(format!("path {:?} does not start with /", wanted.path));
    }
    HeaderValue::try_from(authority).map_err(|_| format!("bad host {authority:?}"))?;
    let body = wanted.body.as_ref().map(|body| bytes_of(&body.data)).transpose()?;
    let body_bytes = body.as_ref().map(Vec::len);
    let mut request = Request::new(Full::from(body.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = path;
    let mut head = format!("{} {} HTTP/1.1\r\n", wanted.method, wanted.path);
    for (name, value) in fields(authority, wanted, body_bytes) {
        let bad = || format!("bad header {name:?}: {value:?}");
        let key = HeaderName::try_from(&name).map_err(|_| bad())?;
        request.headers_mut().append(key, HeaderValue::try_from(&value).map_err(|_| bad())?);
        let space = if value.is_empty() { "" } else { " " };
        head.extend([name.as_str(), ":", space, value.as_str(), "\r\n"]);
    }
    head.push_str("\r\n");
    Ok(Ready { request, head: head.into(), body_bytes: body_bytes.unwrap_or_default() as u64 })
}

fn bytes_of(data: &PayloadData) -> Result<Vec<u8>, String> {
    match data {
        PayloadData::Text(text) => Ok(text.clone().into_bytes()),
        PayloadData::Base64(text) => {
            STANDARD.decode(text).map_err(|error| format!("bad body: {error}"))
        }
    }
}

/// Every header, in curl's order: the host, what goes without saying, what was wanted, what the body needs.
fn fields(
    authority: &str,
    wanted: &HttpRequest,
    body_bytes: Option<usize>,
) -> Vec<(String, String)> {
    let named = |name: &str| wanted.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let host = named(HOST.as_str()).cloned().unwrap_or_else(|| field("Host", authority));
    let mut fields = vec![host];
    let agent = concat!("kubectl-pods-probe/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [("User-Agent", agent), ("Accept", "*/*")] {
        if !wanted.no_defaults && named(name).is_none() {
            fields.push(field(name, value));
        }
    }
    let is_host = |name: &str| name.eq_ignore_ascii_case(HOST.as_str());
    fields.extend(wanted.headers.iter().filter(|(name, _)| !is_host(name)).cloned());
    if let Some(length) = body_bytes {
        if named("Content-Length").or_else(|| named("Transfer-Encoding")).is_none() {
            fields.push(field("Content-Length", &length.to_string()));
        }
        let kind = wanted.body.as_ref().and_then(|body| body.content_type.as_deref());
        if let Some(kind) = kind.filter(|_| named("Content-Type").is_none()) {
            fields.push(field("Content-Type", kind));
        }
    }
    fields
}

/// The `Host` header: the port only where it is not the scheme's own (RFC 9110, section 7.2).
pub(in super::super) fn authority(host: &str, port: u16, default_port: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == default_port { host } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::Payload;

    use super::*;

    #[test]
    fn the_host_header_names_the_port_when_it_must() {
        let cases = [
            (80, "10.0.0.7", 80, "10.0.0.7"),
            (80, "10.0.0.7", 8080, "10.0.0.7:8080"),
            (443, "web.shop", 443, "web.shop"),
            (443, "web.shop", 80, "web.shop:80"),
            (80, "fd00::7", 80, "[fd00::7]"),
            (80, "fd00::7", 81, "[fd00::7]:81"),
        ];
        for (default_port, host, port, expected) in cases {
            assert_eq!(authority(host, port, default_port), expected);
        }
    }

    fn head(wanted: &HttpRequest) -> String {
        let ready = build("10.0.0.7", wanted).expect("a good request");
        String::from_utf8(ready.head.to_vec()).expect("text")
    }

    #[test]
    fn headers_are_spelt_and_ordered_as_given() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("X-TWICE", "1"),
            header("host", "shop.example"),
            header("x-twice", "2"),
            header("X-Empty", ""),
        ];
        let wanted = HttpRequest { headers, ..HttpRequest::default() };
        let agent = concat!("kubectl-pods-probe/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            head(&wanted),
            format!(
                "GET / HTTP/1.1\r\nhost: shop.example\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
                 X-TWICE: 1\r\nx-twice: 2\r\nX-Empty:\r\n\r\n"
            )
        );
        let bare = HttpRequest { no_defaults: true, headers: Vec::new(), ..wanted };
        assert_eq!(head(&bare), "GET / HTTP/1.1\r\nHost: 10.0.0.7\r\n\r\n");
    }

    #[test]
    fn a_body_brings_its_length_and_type() {
        let base64 = PayloadData::Base64("/wAA".into());
        let body = Payload { data: base64, content_type: Some("a/b".into()) };
        let wanted = HttpRequest {
            method: "POST".into(),
            no_defaults: true,
            body: Some(Box::new(body)),
            ..HttpRequest::default()
        };
        let end = "Content-Length: 3\r\nContent-Type: a/b\r\n\r\n";
        assert_eq!(head(&wanted), format!("POST / HTTP/1.1\r\nHost: 10.0.0.7\r\n{end}"));
        let typed = vec![("content-type".to_owned(), "c/d".to_owned())];
        let typed = HttpRequest { headers: typed, ..wanted.clone() };
        assert!(head(&typed).ends_with("\r\ncontent-type: c/d\r\nContent-Length: 3\r\n\r\n"));
        let damaged = Payload { data: PayloadData::Base64("*".into()), content_type: None };
        let damaged = HttpRequest { body: Some(Box::new(damaged)), ..wanted };
        assert!(build("web", &damaged).expect_err("damaged").starts_with("bad body: "));
    }
}

//! A request as the plan describes it, made ready to be sent.

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use kubectl_pods_report::HttpRequest;

/// The request `wanted`, for `authority` unless it names another host itself.
///
/// # Errors
///
/// What about it cannot be sent.
pub(super) fn build(authority: &str, wanted: &HttpRequest) -> Result<Request<Full<Bytes>>, String> {
    let method: Method =
        wanted.method.parse().map_err(|_| format!("bad method {:?}", wanted.method))?;
    let path: Uri = wanted.path.parse().map_err(|_| format!("bad path {:?}", wanted.path))?;
    if !wanted.path.starts_with('/') {
        return Err(format!("path {:?} does not start with /", wanted.path));
    }
    let mut request = Request::new(Full::from(wanted.body.clone().unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = path;
    let headers = request.headers_mut();
    for (name, value) in &wanted.headers {
        let bad = || format!("bad header {name:?}: {value:?}");
        let name = HeaderName::try_from(name).map_err(|_| bad())?;
        headers.append(name, HeaderValue::try_from(value).map_err(|_| bad())?);
    }
    let host = HeaderValue::try_from(authority).map_err(|_| format!("bad host {authority:?}"))?;
    headers.entry(HOST).or_insert(host);
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!(
        "kubectl-pods-probe/",
        env!("CARGO_PKG_VERSION")
    )));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(request)
}

/// The `Host` header: the port only where it is not the scheme's own (RFC 9110, section 7.2).
pub(super) fn authority(host: &str, port: u16, default_port: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == default_port { host } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn headers_of_the_user_come_first() {
        let headers = vec![
            ("Host".into(), "shop.example".into()),
            ("X-Twice".into(), "1".into()),
            ("X-Twice".into(), "2".into()),
        ];
        let wanted = HttpRequest { headers, ..HttpRequest::default() };
        let request = build("10.0.0.7", &wanted).expect("a good request");
        assert_eq!(request.headers()[HOST], "shop.example");
        assert_eq!(request.headers().get_all("x-twice").iter().count(), 2);
        assert_eq!(request.headers()[ACCEPT], "*/*");
    }
}

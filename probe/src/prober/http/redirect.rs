//! Where a redirect leads, and what of a request goes along. Plain functions, by curl's rules (lib/transfer.c, `Curl_follow`).

use kubectl_pods_report::{HttpRequest, NotFollowed, Redirects};

use super::request::authority;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query, starting with `/`.
    pub(super) path: String,
}

impl Place {
    /// The whole of it, without a port that goes without saying.
    pub(super) fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let authority = authority(&self.host, self.port, default_port(self.tls));
        format!("{scheme}://{authority}{}", self.path)
    }

    fn is_same_host(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(&other.host)
    }

    /// Whether what is meant for one is meant for the other: same scheme, host and port.
    fn is_same_origin(&self, other: &Self) -> bool {
        self.is_same_host(other) && (self.tls, self.port) == (other.tls, other.port)
    }

    /// Where `location` leads from here (RFC 3986, section 5.2).
    ///
    /// # Errors
    ///
    /// When it does not lead to an HTTP server.
    pub(super) fn next(&self, location: &[u8]) -> Result<Self, NotFollowed> {
        let location = encoded(location);
        let location = location.split('#').next().unwrap_or_default();
        if let Some((scheme, rest)) = absolute(location) {
            let tls = match scheme.to_ascii_lowercase().as_str() {
                "http" => false,
                "https" => true,
                other => return Err(NotFollowed::Scheme(other.to_owned())),
            };
            return at(tls, rest.trim_start_matches('/'));
        }
        if let Some(rest) = location.strip_prefix("//") {
            return at(self.tls, rest);
        }
        let (path, query) = self.path.split_at(self.path.find('?').unwrap_or(self.path.len()));
        let path = match location.bytes().next() {
            None => format!("{path}{query}"),
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{path}{location}"),
            Some(_) => format!("{}{location}", &path[..=path.rfind('/').unwrap_or_default()]),
        };
        Ok(Self { path: without_dots(&path), ..self.clone() })
    }
}

/// The request that goes `to` where `status` sent one that had gone as `last`. `first` is what the user asked for, and
/// where.
pub(super) fn redirected(
    last: &HttpRequest,
    status: u16,
    (first, origin): (&HttpRequest, &Place),
    to: &Place,
    redirects: &Redirects,
) -> HttpRequest {
    let mut request = HttpRequest { headers: first.headers.clone(), ..last.clone() };
    request.path.clone_from(&to.path);
    // As every browser does; 307 and 308 were made for those who mean it (RFC 9110, section 15.4).
    if matches!(status, 301..=303) && request.body.take().is_some() && !redirects.keep_method {
        "GET".clone_into(&mut request.method);
    }
    let is_trusted = redirects.trust_all || origin.is_same_origin(to);
    let is_named = |name: &str, names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
    request.headers.retain(|(name, _)| {
        (is_trusted || !is_named(name, &["authorization", "cookie"]))
            && (origin.is_same_host(to) || !is_named(name, &["host"]))
    });
    request
}

/// Scheme and rest of a URL that has a scheme.
fn absolute(location: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = location.split_once(':')?;
    let mut letters = scheme.bytes();
    let begins = letters.next().is_some_and(|b| b.is_ascii_alphabetic());
    let is_scheme =
        begins && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    is_scheme.then_some((scheme, rest))
}

/// `HOST:PORT/PATH`, of which credentials are left out: what a server sends elsewhere is not the user's.
fn at(tls: bool, rest: &str) -> Result<Place, NotFollowed> {
    let bad = |what: &str| NotFollowed::BadLocation(what.to_owned());
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']').ok_or_else(|| bad("an open bracket"))?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| bad("no IPv6 address"))?;
            (host, port)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err(bad("no host"));
    }
    let port = match port.strip_prefix(':').unwrap_or(port) {
        "" => default_port(tls),
        digits => digits.parse().ok().filter(|port| *port > 0).ok_or_else(|| bad("no port"))?,
    };
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok(Place { tls, host: host.to_owned(), port, path: without_dots(&path) })
}

/// The port of the scheme.
pub(super) const fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// What cannot stand in a URL is percent-encoded, as curl does: of spaces, those in a query become `+`.
fn encoded(location: &[u8]) -> String {
    let mut text = String::with_capacity(location.len());
    let mut in_query = false;
    for byte in location.trim_ascii() {
        in_query |= *byte == b'?';
        match byte {
            b' ' if in_query => text.push('+'),
            byte if byte.is_ascii_graphic() => text.push(char::from(*byte)),
            byte => text.extend(format!("%{byte:02x}").chars()),
        }
    }
    text
}

/// `path` without its `.` and `..` segments (RFC 3986, section 5.2.4); a query stays as it is.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::Payload;

    use super::*;

    fn place(url: &str) -> Place {
        let (scheme, rest) = absolute(url).expect(url);
        at(scheme == "https", rest.trim_start_matches('/')).expect(url)
    }

    #[test]
    fn a_location_leads_somewhere() {
        let from = place("http://web.shop:8080/a/b?c=d");
        let cases = [
            ("http://other/", "http://other/"),
            ("HTTPS://other:8443/x?y#z", "https://other:8443/x?y"),
            ("https://other", "https://other/"),
            ("http://other?x", "http://other/?x"),
            ("http://user:word@other:80/x", "http://other/x"),
            ("//other/x", "http://other/x"),
            ("http://[fd00::7]:81/x", "http://[fd00::7]:81/x"),
            ("/x", "http://web.shop:8080/x"),
            ("x", "http://web.shop:8080/a/x"),
            ("?x", "http://web.shop:8080/a/b?x"),
            ("#x", "http://web.shop:8080/a/b?c=d"),
            ("", "http://web.shop:8080/a/b?c=d"),
            ("../x/./y", "http://web.shop:8080/x/y"),
            ("../../../x", "http://web.shop:8080/x"),
            ("..", "http://web.shop:8080/"),
            ("/x/..?a/../b", "http://web.shop:8080/?a/../b"),
            ("  /a b?c d ", "http://web.shop:8080/a%20b?c+d"),
            ("/gr\u{fc}n", "http://web.shop:8080/gr%c3%bcn"),
        ];
        for (location, expected) in cases {
            let next = from.next(location.as_bytes()).map(|place| place.url());
            assert_eq!(next.as_deref(), Ok(expected), "{location:?}");
        }
    }

    #[test]
    fn a_location_may_lead_nowhere() {
        let bad = |what: &str| NotFollowed::BadLocation(what.to_owned());
        let cases = [
            ("ftp://other/", NotFollowed::Scheme("ftp".into())),
            ("javascript:alert(1)", NotFollowed::Scheme("javascript".into())),
            ("http://", bad("no host")),
            ("http://:80/", bad("no host")),
            ("http://[", bad("an open bracket")),
            ("http://[x]/", bad("no IPv6 address")),
            ("http://other:x/", bad("no port")),
            ("http://other:0/", bad("no port")),
        ];
        for (location, why) in cases {
            assert_eq!(place("http://web/").next(location.as_bytes()), Err(why), "{location}");
        }
    }

    #[test]
    fn the_body_goes_as_in_curl() {
        let home = place("http://web/");
        let post = |body| HttpRequest { method: "POST".into(), body, ..HttpRequest::default() };
        let with_body = post(Some(Box::new(Payload::text("a=1"))));
        let go = |request: &HttpRequest, status, keep_method| {
            let redirects = Redirects { keep_method, ..Redirects::default() };
            let next = redirected(request, status, (request, &home), &home, &redirects);
            (next.method, next.body.is_some())
        };
        for status in [301, 302, 303] {
            assert_eq!(go(&with_body, status, false), ("GET".into(), false), "{status}");
            assert_eq!(go(&with_body, status, true), ("POST".into(), false), "{status} with -X");
        }
        for status in [300, 307, 308] {
            assert_eq!(go(&with_body, status, false), ("POST".into(), true), "{status}");
        }
        let head = HttpRequest { method: "HEAD".into(), ..HttpRequest::default() };
        assert_eq!(go(&head, 303, false), ("HEAD".into(), false));
    }

    #[test]
    fn secrets_stay_with_their_host() {
        let home = place("http://web:8080/");
        let header = |name: &str| (name.to_owned(), "x".to_owned());
        let first = HttpRequest {
            headers: ["Host", "authorization", "Cookie", "X-Other"].map(header).to_vec(),
            ..HttpRequest::default()
        };
        let sent = |to: &str, trust_all| {
            let redirects = Redirects { trust_all, ..Redirects::default() };
            let next = redirected(&first, 302, (&first, &home), &place(to), &redirects);
            next.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(sent("http://WEB:8080/x", false), "Host authorization Cookie X-Other");
        assert_eq!(sent("http://web:8081/", false), "Host X-Other", "another port");
        assert_eq!(sent("https://web:8080/", false), "Host X-Other", "another scheme");
        assert_eq!(sent("http://db:8080/", false), "X-Other", "another host");
        assert_eq!(sent("http://db:8080/", true), "authorization Cookie X-Other", "trusted");
    }
}

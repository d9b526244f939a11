//! Which proxy stands between us and the API server.

use std::{env, net::IpAddr};

use anyhow::{Context as _, Result};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// The cluster's `proxy-url`, else what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say about `server`.
/// As in Go, the environment never puts a proxy before this machine itself.
pub(super) fn for_server(proxy_url: Option<&str>, server: &Uri) -> Result<Option<Uri>> {
    if let Some(url) = proxy_url {
        return url.parse().map(Some).with_context(|| format!("invalid proxy URL {url}"));
    }
    if server.host().is_none_or(is_this_machine) {
        return Ok(None);
    }
    Ok(from_env().intercept(server).map(|proxy| proxy.uri().clone()))
}

/// Go knows no `ALL_PROXY`.
fn from_env() -> Matcher {
    let variable =
        |upper: &str, lower: &str| env::var(upper).or_else(|_| env::var(lower)).unwrap_or_default();
    Matcher::builder()
        .https(variable("HTTPS_PROXY", "https_proxy"))
        .http(variable("HTTP_PROXY", "http_proxy"))
        .no(variable("NO_PROXY", "no_proxy"))
        .build()
}

/// Whether `host` is a name or an address that only this machine answers to.
pub(super) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_recognised() {
        let cases =
            [("localhost", true), ("127.0.0.1", true), ("[::1]", true), ("10.0.0.1", false)];
        for (host, expected) in cases {
            assert_eq!(is_this_machine(host), expected, "{host}");
        }
    }

    #[test]
    fn the_cluster_names_its_proxy() {
        let server = Uri::from_static("https://10.0.0.1");
        let proxy = for_server(Some("socks5://proxy:1080"), &server).unwrap();
        assert_eq!(proxy.unwrap().scheme_str(), Some("socks5"));
    }
}

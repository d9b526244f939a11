//! The article's two servers.

use super::Namespace;

/// Applies nginx-ser and httpd-ser and waits until both are Ready.
#[track_caller]
pub fn start_article_servers(ns: &Namespace) {
    ns.apply(include_str!("../fixtures/article.yaml"));
    for name in ["nginx-ser", "httpd-ser"] {
        ns.wait_ready(name);
    }
}

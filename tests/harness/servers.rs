//! The article's two servers.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Cluster, Namespace};

/// Applies nginx-ser and httpd-ser and waits until both are Ready.
#[track_caller]
pub fn start_article_servers(ns: &Namespace) {
    ns.apply(include_str!("../fixtures/article.yaml"));
    for name in ["nginx-ser", "httpd-ser"] {
        ns.wait_ready(name);
    }
}

/// The article's servers in a namespace that the tests of a run share. Tests look at them and probe them; their probes,
/// and whatever else they make, are in namespaces of their own.
pub struct SharedServers {
    /// Where the pods are, and nothing else.
    pub namespace: Namespace,
    /// nginx-ser as a target that can be named from elsewhere: `IP:80`.
    pub nginx: String,
    /// The address alone.
    pub nginx_ip: String,
}

impl SharedServers {
    /// An address of the same network that no pod has.
    pub fn unused_ip(&self) -> String {
        unused_beside(&self.nginx_ip)
    }

    /// Those that another test uses just now, or new ones. They go with the last test that uses them.
    pub fn get() -> Arc<Self> {
        static SHARED: Mutex<Weak<SharedServers>> = Mutex::new(Weak::new());
        // Where starting them failed, the next test tries again.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(servers) = shared.upgrade() {
            return servers;
        }
        let servers = Arc::new(Self::start());
        *shared = Arc::downgrade(&servers);
        servers
    }

    fn start() -> Self {
        let namespace = Cluster::nodes().namespace("servers");
        start_article_servers(&namespace);
        let nginx_ip = namespace.pod_ip("nginx-ser");
        Self { namespace, nginx: format!("{nginx_ip}:80"), nginx_ip }
    }
}

/// An IPv4 address near the end of the /24 of this one: pods get theirs from its beginning.
pub fn unused_beside(address: &str) -> String {
    let (network, _) = address.rsplit_once('.').expect("an IPv4 address");
    format!("{network}.250")
}

//! Host names that mean a Service: `web`, `web.shop`, `web.shop.svc`, `web.shop.svc.cluster.local`.

/// A host name read as that of a Service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClusterName {
    /// The namespace of the Service that it means, if it means one.
    pub(crate) namespace: String,
    /// That Service.
    pub(crate) service: String,
    /// What stands behind `svc`.
    pub(crate) domain: Option<String>,
    /// Whether it can mean nothing else.
    pub(crate) is_certain: bool,
}

impl ClusterName {
    /// What `host` means to a pod of `namespace`. A name of two words may as well be of another world (`example.com`);
    /// one of more words is a Service's only with `svc` in its place. The first word of a pod's own name goes.
    pub(crate) fn parse(host: &str, namespace: &str) -> Option<Self> {
        let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
        let name = |service: &str, namespace: &str, domain: &[&str], is_certain| Self {
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            domain: (!domain.is_empty()).then(|| domain.join(".")),
            is_certain,
        };
        match labels.as_slice() {
            ["localhost" | ""] => None,
            [service] => Some(name(service, namespace, &[], true)),
            [service, place] => Some(name(service, place, &[], false)),
            [service, place, "svc", domain @ ..] | [_, service, place, "svc", domain @ ..] => {
                Some(name(service, place, domain, true))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_read_and_others_are_left_alone() {
        let cases = [
            ("web", Some(("shop", "web", None, true))),
            ("web.dev", Some(("dev", "web", None, false))),
            ("web.dev.svc", Some(("dev", "web", None, true))),
            ("web.dev.svc.cluster.local.", Some(("dev", "web", Some("cluster.local"), true))),
            ("web-0.web.dev.svc.cluster.lan", Some(("dev", "web", Some("cluster.lan"), true))),
            ("db.eu.example.com", None),
            ("localhost", None),
        ];
        for (host, expected) in cases {
            let got = ClusterName::parse(host, "shop");
            let expected = expected.map(|(namespace, name, domain, is_certain)| ClusterName {
                namespace: str::to_owned(namespace),
                service: str::to_owned(name),
                domain: domain.map(str::to_owned),
                is_certain,
            });
            assert_eq!(got, expected, "{host}");
        }
    }
}

//! Which address of a name counts, and whom to trust there: what the flags say, made ready for every check of a command.

use std::{fs, net::IpAddr};

use anyhow::Context as _;
use kubectl_pods_report::{CLUSTER_CA_FILE, Check, Family, Tls};

use super::{
    places::{Resolution, Resolved},
    target::{Place, Target, TargetKind, in_namespace},
};
use crate::cli::{AddressingArgs, Given};

/// What holds for the names and addresses of one command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addressing {
    /// The one family that counts.
    pub family: Option<Family>,
    /// Certificates in PEM that are trusted instead of those that the probe knows.
    pub roots: Option<String>,
    given: Vec<Given>,
    insecure: bool,
    server_name: Option<String>,
    /// The namespace of the command, if the probe runs in the cluster.
    namespace: Option<String>,
}

impl Addressing {
    /// What the flags ask for. `namespace` is that of the command if the probe runs in the cluster, and trusts it for its
    /// names.
    ///
    /// # Errors
    ///
    /// When the file of `--cacert` cannot be read, or is not what it should be.
    pub(crate) fn read(args: &AddressingArgs) -> anyhow::Result<Self> {
        let family = match (args.ipv4, args.ipv6) {
            (true, _) => Some(Family::Ipv4),
            (_, true) => Some(Family::Ipv6),
            _ => None,
        };
        let read = |file| {
            let pem = fs::read_to_string(file)?;
            probe::check_roots(&pem).map_err(anyhow::Error::msg)?;
            anyhow::Ok(pem)
        };
        let roots = args.cacert.as_ref().map(|file| {
            read(file).with_context(|| format!("cannot trust --cacert {}", file.display()))
        });
        Ok(Self {
            family,
            roots: roots.transpose()?,
            given: args.resolve.clone(),
            insecure: args.insecure,
            server_name: args.server_name.clone(),
            namespace: None,
        })
    }

    /// The same for a probe in the cluster, and a command in `namespace`.
    #[must_use]
    pub(crate) fn within(self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self }
    }

    /// How to speak TLS to `target`, of which `host` was found.
    #[must_use]
    pub(crate) fn tls(&self, target: &Target, host: &str) -> Tls {
        let server_name = self.server_name.clone().or_else(|| self.service_name(target, host));
        let is_ours = self.namespace.is_some() && is_of_cluster(target);
        Tls {
            insecure: self.insecure,
            server_name,
            ca_file: is_ours.then(|| CLUSTER_CA_FILE.to_owned()),
        }
    }

    /// `check` with the address that was given for its host, and the family that counts.
    #[must_use]
    pub(crate) fn place(&self, check: Check) -> Check {
        let port = check.ask.port();
        let address = port.and_then(|port| self.given_for(&check.host, port));
        Check { address, family: self.family, ..check }
    }

    /// Notes of each of `found` to which address it leads instead of its own. What stands behind that one is not known.
    pub(super) fn redirect(&self, found: &mut [Resolved<'_>]) {
        for one in found {
            one.instead = self.instead(&one.what);
            if one.instead.is_some() {
                one.standby.clear();
            }
        }
    }

    /// The address that was given for this host and port.
    pub(super) fn instead(&self, what: &Resolution) -> Option<IpAddr> {
        let Resolution::Try(host, Some(port)) = what else { return None };
        self.given_for(host, port.number)
    }

    fn given_for(&self, host: &str, port: u16) -> Option<IpAddr> {
        let is_of = |given: &&Given| {
            let is_host = given.host == "*" || given.host.eq_ignore_ascii_case(host);
            is_host && given.port == port
        };
        // As in curl, what was said last counts.
        self.given.iter().rev().find(is_of).map(|given| given.address)
    }

    /// Hosts and ports with the address to connect to instead, in the order typed.
    pub(crate) fn given(&self) -> Vec<(String, u16, IpAddr)> {
        self.given.iter().map(|given| (given.host.clone(), given.port, given.address)).collect()
    }

    /// The name by which the pods of the cluster call a Service that is tried at its address, or at that of an endpoint.
    fn service_name(&self, target: &Target, host: &str) -> Option<String> {
        let name = match &target.place {
            Place::Object(TargetKind::Service, name) => Some(name),
            _ => target.behind.as_ref(),
        }?;
        let namespace = self.namespace.as_ref()?;
        let (namespace, name) = in_namespace(name, namespace);
        host.parse::<IpAddr>().is_ok().then(|| format!("{name}.{namespace}.svc"))
    }
}

/// Whether the cluster's own authority may vouch for `target`: an object of the cluster, an address, or a name that only
/// the cluster's DNS can know.
fn is_of_cluster(target: &Target) -> bool {
    let Place::Host(host) = &target.place else { return true };
    let mut labels = host.trim_end_matches('.').split('.').skip(1).peekable();
    labels.peek().is_none() || labels.any(|label| label == "svc")
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, HttpRequest};

    use super::*;

    fn addressing(args: &AddressingArgs) -> Addressing {
        Addressing::read(args).expect("flags").within("shop")
    }

    fn target(text: &str) -> Target {
        text.parse().expect(text)
    }

    #[test]
    fn the_clusters_authority_vouches_for_the_clusters_names_alone() {
        let cases = [
            ("https://web.shop.svc", true),
            ("https://web.shop.svc.cluster.local.", true),
            ("https://10.0.0.7", true),
            ("svc/web", true),
            ("pod/web", true),
            ("https://localhost", true),
            ("https://api.example.com", false),
            ("https://svc.example.com", false),
        ];
        for (text, trusted) in cases {
            let in_cluster = addressing(&AddressingArgs::default()).tls(&target(text), "10.0.0.7");
            assert_eq!(in_cluster.ca_file.is_some(), trusted, "{text}");
            let here = Addressing::default().tls(&target(text), "10.0.0.7");
            assert_eq!(here.ca_file, None, "{text} from here");
        }
    }

    #[test]
    fn a_service_is_asked_for_by_its_name() {
        let name = |text, host, flag: Option<&str>| {
            let server_name = flag.map(str::to_owned);
            let args = AddressingArgs { server_name, ..AddressingArgs::default() };
            addressing(&args).tls(&target(text), host).server_name
        };
        let behind = Target { behind: Some("web".to_owned()), ..target("10.244.0.7:443") };
        let endpoint = addressing(&AddressingArgs::default()).tls(&behind, "10.244.0.7");
        assert_eq!(endpoint.server_name.as_deref(), Some("web.shop.svc"), "an endpoint of it");
        let service = Some("web.shop.svc".to_owned());
        assert_eq!(name("svc/web:443", "10.96.0.7", None), service);
        assert_eq!(name("svc/web:443", "db.example.org", None), None, "an ExternalName");
        assert_eq!(name("web:443", "10.0.0.7", None), None, "a pod has no name");
        assert_eq!(name("svc/web:443", "10.96.0.7", Some("other")), Some("other".to_owned()));
    }

    #[test]
    fn a_given_address_is_for_its_host_and_port() {
        let given = ["web.shop:443:10.0.0.1", "WEB.shop:443:10.0.0.2", "web.shop:80:10.0.0.3"];
        let resolve = given.map(|text| text.parse().expect(text)).to_vec();
        let flags = addressing(&AddressingArgs { resolve, ..AddressingArgs::default() });
        let address = |host, port| {
            let check = Check::new(0, "t", host, Ask::http(port, HttpRequest::default()));
            flags.place(check).address.map(|address| address.to_string())
        };
        assert_eq!(address("web.shop", 443).as_deref(), Some("10.0.0.2"), "the last");
        assert_eq!(address("web.shop", 80).as_deref(), Some("10.0.0.3"));
        assert_eq!(address("web.shop", 8080), None);
        assert_eq!(address("other.shop", 443), None);
    }

    #[test]
    fn a_file_that_is_no_pem_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.crt");
        let read = || {
            let cacert = Some(file.clone());
            Addressing::read(&AddressingArgs { cacert, ..AddressingArgs::default() })
        };
        let error = format!("{:#}", read().expect_err("no file"));
        assert!(error.contains("ca.crt: No such file"), "{error}");
        fs::write(&file, "hello").expect("written");
        let error = format!("{:#}", read().expect_err("no PEM"));
        assert!(error.contains("ca.crt: there is no certificate in PEM"), "{error}");
    }
}

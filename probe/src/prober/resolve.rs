//! Host name to address, with this machine's `/etc/resolv.conf` (search list and `ndots` as in Kubernetes pods) and
//! `/etc/hosts`. Not `getaddrinfo`, which a static program without its libraries cannot use.
//!
//! The names of the search list are asked for one by one, as glibc does (resolver(3), `res_search`), rather than by
//! hickory: that keeps only what it was told about the last one, and so calls a name missing when the resolver had
//! failed on another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use hickory_resolver::config::{ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{IntoName, Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver, lookup::Lookup, system_conf};
use tokio::time::Instant;

use super::Trace;
use super::failure::{Failure, ResolveFailure};

/// Families in the order in which they are asked for: the first that has an address is tried.
const FAMILIES: [RecordType; 2] = [RecordType::A, RecordType::AAAA];

/// Resolves names. Remembers no answer: each attempt measures the resolver again.
pub(super) struct Resolver {
    client: OnceLock<Result<Client, String>>,
}

/// The machine's configuration.
struct Client {
    hosts: Hosts,
    search: Vec<Name>,
    ndots: usize,
    dns: TokioResolver,
}

impl Resolver {
    /// Reads the machine's configuration when it is first needed: a plan of addresses never does.
    pub(super) const fn of_this_machine() -> Self {
        Self { client: OnceLock::new() }
    }

    /// Reads the configuration now if `host` is a name.
    pub(super) fn prepare(&self, host: &str) {
        if host.parse::<IpAddr>().is_err() {
            self.client.get_or_init(Client::of_this_machine);
        }
    }

    /// The first IPv4 address of `host`, or else its first IPv6 address; `host` itself when it is an address.
    pub(super) async fn resolve(&self, host: &str, trace: &mut Trace) -> Result<IpAddr, Failure> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        let begun = Instant::now();
        let client = self.client.get_or_init(Client::of_this_machine).as_ref();
        let client = client
            .map_err(|error| Failure::Resolve(ResolveFailure::Configuration(error.clone())))?;
        let address = client.find(host).await.map_err(Failure::Resolve)?;
        trace.phases.resolve_seconds = Some(begun.elapsed().as_secs_f64());
        if is_metadata(address) {
            return Err(Failure::Resolve(ResolveFailure::Forbidden(address)));
        }
        Ok(address)
    }
}

impl Client {
    fn of_this_machine() -> Result<Self, String> {
        let (config, mut options) =
            system_conf::read_system_conf().map_err(|error| error.to_string())?;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never; // We look there before any name is searched.
        let (search, ndots) = (search_list(&config), options.ndots);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        let dns = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { hosts: Hosts::from_system().unwrap_or_default(), search, ndots, dns })
    }

    /// The address of `host`, or the failure that counts most among those on all names that `host` may mean.
    async fn find(&self, host: &str) -> Result<IpAddr, ResolveFailure> {
        let name = host.into_name();
        let name = name.map_err(|error| ResolveFailure::BadName(error.to_string()))?;
        if let Some(address) = self.in_hosts_file(&name) {
            return Ok(address);
        }
        let mut worst = ResolveFailure::NoSuchName;
        for candidate in candidates(&name, &self.search, self.ndots) {
            match self.address_of(&candidate).await {
                Ok(address) => return Ok(address),
                Err(failure) => worst = graver(worst, failure),
            }
        }
        Err(worst)
    }

    fn in_hosts_file(&self, name: &Name) -> Option<IpAddr> {
        let mut families = FAMILIES.iter();
        families.find_map(|family| {
            let found = self.hosts.lookup_static_host(&Query::query(name.clone(), *family));
            first_address(&found?)
        })
    }

    /// The address of one full name.
    async fn address_of(&self, name: &Name) -> Result<IpAddr, ResolveFailure> {
        let mut worst = ResolveFailure::NoSuchName;
        for family in FAMILIES {
            let failure = match self.dns.lookup(name.clone(), family).await {
                Ok(found) => match first_address(&found) {
                    Some(address) => return Ok(address),
                    None => ResolveFailure::NoAddress,
                },
                Err(error) => explain(name, &error),
            };
            worst = graver(worst, failure);
            // Who is silent about one family will be about the other, and that would take as long again.
            if matches!(worst, ResolveFailure::Silence { .. }) {
                break;
            }
        }
        Err(worst)
    }
}

/// `search` of `/etc/resolv.conf`, or else the one domain that it or the machine's own name gives.
fn search_list(config: &ResolverConfig) -> Vec<Name> {
    if config.search().is_empty() {
        config.domain().into_iter().cloned().collect()
    } else {
        config.search().to_vec()
    }
}

/// The full names that `name` may mean, in the order in which they are asked for: as it stands first if it has at least
/// `ndots` dots, else last (resolv.conf(5)).
fn candidates(name: &Name, search: &[Name], ndots: usize) -> Vec<Name> {
    let mut itself = name.clone();
    itself.set_fqdn(true);
    if name.is_fqdn() {
        return vec![itself];
    }
    let mut names: Vec<Name> = Vec::new();
    // What becomes too long with a domain cannot exist.
    for full in search.iter().filter_map(|domain| name.clone().append_domain(domain).ok()) {
        if !names.contains(&full) {
            names.push(full);
        }
    }
    let dots = usize::from(name.num_labels()).saturating_sub(1);
    let position = if dots >= ndots || name.is_localhost() { 0 } else { names.len() };
    names.insert(position, itself);
    names
}

fn first_address(found: &Lookup) -> Option<IpAddr> {
    found.answers().iter().find_map(|record| record.data.ip_addr())
}

fn explain(name: &Name, error: &NetError) -> ResolveFailure {
    let name = name.to_string();
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => ResolveFailure::NoSuchName,
            ResponseCode::NoError => ResolveFailure::NoAddress,
            code => ResolveFailure::Server { name, answer: code.to_string() },
        },
        NetError::Dns(DnsError::ResponseCode(code)) => {
            ResolveFailure::Server { name, answer: code.to_string() }
        }
        NetError::Timeout | NetError::NoConnections | NetError::Io(_) => {
            ResolveFailure::Silence { name, seen: error.to_string() }
        }
        other => ResolveFailure::Server { name, answer: other.to_string() },
    }
}

/// Which of two failures is told; of equally grave ones the first. As long as a resolver failed on any name, nobody knows
/// that there is no such name.
fn graver(first: ResolveFailure, second: ResolveFailure) -> ResolveFailure {
    let gravity = |failure: &ResolveFailure| match failure {
        ResolveFailure::NoSuchName => 0,
        ResolveFailure::NoAddress => 1,
        _ => 2,
    };
    if gravity(&second) > gravity(&first) { second } else { first }
}

/// Addresses under which clouds hand credentials to whoever asks from inside. A name must not lead there by surprise;
/// a plan that means them writes the address.
fn is_metadata(address: IpAddr) -> bool {
    const EC2: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => Ipv4Addr::is_link_local(&v4),
            None => v6 == EC2 || v6.is_unicast_link_local(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_addresses() {
        let cases = [
            ("169.254.169.254", true),
            ("169.254.170.2", true),
            ("::ffff:169.254.169.254", true),
            ("fd00:ec2::254", true),
            ("fe80::1", true),
            ("10.0.0.1", false),
            ("127.0.0.1", false),
            ("fd00::254", false),
        ];
        for (address, expected) in cases {
            assert_eq!(is_metadata(address.parse().expect(address)), expected, "{address}");
        }
    }

    #[test]
    fn candidates_are_those_of_resolv_conf() {
        let search = ["shop.svc.cluster.local.", "cluster.local."];
        let search = search.map(|domain| domain.parse::<Name>().expect(domain));
        let cases: [(&str, usize, &[&str]); 5] = [
            ("web", 5, &["web.shop.svc.cluster.local.", "web.cluster.local.", "web."]),
            (
                "web.shop",
                5,
                &["web.shop.shop.svc.cluster.local.", "web.shop.cluster.local.", "web.shop."],
            ),
            (
                "web.shop",
                1,
                &["web.shop.", "web.shop.shop.svc.cluster.local.", "web.shop.cluster.local."],
            ),
            ("web.shop.", 5, &["web.shop."]),
            (
                "localhost",
                5,
                &["localhost.", "localhost.shop.svc.cluster.local.", "localhost.cluster.local."],
            ),
        ];
        for (name, ndots, expected) in cases {
            let full = candidates(&name.into_name().expect(name), &search, ndots);
            let full: Vec<String> = full.iter().map(Name::to_string).collect();
            assert_eq!(full, expected, "{name}, ndots {ndots}");
        }
        let long = "x".repeat(57);
        let long = [long.as_str(); 4].join(".").into_name().expect("a long name");
        assert_eq!(candidates(&long, &search, 5).len(), 2, "only the short domain fits");
    }

    #[test]
    fn a_failing_resolver_is_told_before_a_missing_name() {
        let server =
            |name: &str| ResolveFailure::Server { name: name.into(), answer: "SERVFAIL".into() };
        let missing = || ResolveFailure::NoSuchName;
        let empty = || ResolveFailure::NoAddress;
        assert_eq!(graver(server("a"), missing()), server("a"));
        assert_eq!(graver(missing(), server("a")), server("a"));
        assert_eq!(graver(server("a"), server("b")), server("a"));
        assert_eq!(graver(empty(), missing()), empty());
        assert_eq!(graver(missing(), empty()), empty());
    }
}

//! Host name to addresses, with this machine's `/etc/resolv.conf` (search list and `ndots` as in Kubernetes pods) and
//! `/etc/hosts`. Not `getaddrinfo`, which a static program without its libraries cannot use.
//!
//! The names of the search list are asked for one by one ([`search`]), as glibc does (resolver(3), `res_search`), rather than
//! by hickory: that keeps only what it was told about the last one, and so calls a name missing when the resolver had
//! failed on another. Tried against glibc 2.36: a SERVFAIL leads on to the next name, any other failure and silence to
//! the name as it stands.

pub(super) mod answer;
mod metadata;
mod search;

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::config::ResolveHosts;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{IntoName, Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver, lookup::Lookup, system_conf};
use kubectl_pods_report::{Asked, Check, Family, MAX_ADDRESSES, NameAnswer, NameDetails};
use tokio::time::{Instant, timeout};

pub use metadata::is_metadata;

use super::Trace;
use super::failure::{Failure, ResolveFailure};

/// How long the other family may take once one has an address: some resolvers never answer about IPv6.
const OTHER_FAMILY: Duration = Duration::from_millis(250);

/// Most names that are told of those that were asked for.
const MAX_ASKED: usize = 8;

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

    /// Reads the configuration now if `check` is of a name.
    pub(super) fn prepare(&self, check: &Check) {
        if fixed(check).is_none() {
            self.client.get_or_init(Client::of_this_machine);
        }
    }

    /// Every address of the check's host, at least one, those of IPv4 first.
    pub(super) async fn addresses(
        &self,
        check: &Check,
        trace: &mut Trace,
    ) -> Result<Vec<IpAddr>, Failure> {
        if let Some(address) = fixed(check) {
            return Ok(vec![address]);
        }
        let begun = Instant::now();
        let client = self.client.get_or_init(Client::of_this_machine).as_ref();
        let client = client
            .map_err(|error| Failure::Resolve(ResolveFailure::Configuration(error.clone())))?;
        let details = trace.details.name.insert(NameDetails::default());
        let found = client.find(&check.host, check.family, details).await;
        let mut addresses = found.map_err(Failure::Resolve)?;
        addresses.truncate(MAX_ADDRESSES as usize);
        details.addresses.clone_from(&addresses);
        trace.phases.resolve_seconds = Some(begun.elapsed().as_secs_f64());
        Ok(addresses)
    }

    /// The one address that an attempt at `check` is to go to: `only`, or the first.
    pub(super) async fn address(
        &self,
        check: &Check,
        only: Option<IpAddr>,
        trace: &mut Trace,
    ) -> Result<IpAddr, Failure> {
        let addresses = self.addresses(check, trace).await?;
        let first = || addresses.first().copied();
        let address = only.or_else(first).ok_or(Failure::Resolve(ResolveFailure::NoAddress))?;
        if fixed(check).is_none() && is_metadata(address) {
            return Err(Failure::Resolve(ResolveFailure::Forbidden(address)));
        }
        Ok(address)
    }
}

/// The address that needs no resolver.
fn fixed(check: &Check) -> Option<IpAddr> {
    check.address.or_else(|| check.host.parse().ok())
}

impl Client {
    fn of_this_machine() -> Result<Self, String> {
        let (config, mut options) =
            system_conf::read_system_conf().map_err(|error| error.to_string())?;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never; // We look there before any name is searched.
        let (search, ndots) = (search::domains(&config), options.ndots);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        let dns = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { hosts: Hosts::from_system().unwrap_or_default(), search, ndots, dns })
    }

    /// The addresses of `host`, or the failure that counts most among those on all names that `host` may mean. `details`
    /// has at any time what is known so far.
    async fn find(
        &self,
        host: &str,
        family: Option<Family>,
        details: &mut NameDetails,
    ) -> Result<Vec<IpAddr>, ResolveFailure> {
        let name = host.into_name();
        let name = name.map_err(|_| ResolveFailure::BadName)?;
        let known = self.in_hosts_file(&name, family);
        if !known.is_empty() {
            return Ok(known);
        }
        let mut worst = ResolveFailure::NoSuchName;
        let mut is_searched = true;
        for candidate in search::candidates(&name, &self.search, self.ndots) {
            if !is_searched && !candidate.is_itself {
                continue;
            }
            let not_yet = NameAnswer::Silence("no answer yet".to_owned());
            details.asked.truncate(MAX_ASKED - 1); // Of very long lists, the first and the last.
            details.asked.push(Asked { name: candidate.name.to_string(), answer: not_yet });
            let found = self.addresses_of(&candidate.name, family).await;
            if let Some(asked) = details.asked.last_mut() {
                asked.answer = answer::told(&found);
            }
            match found {
                Ok(addresses) => return Ok(addresses),
                Err(failure) => {
                    is_searched &= candidate.is_itself || answer::leads_on(&failure);
                    worst = answer::graver(worst, failure);
                }
            }
        }
        Err(worst)
    }

    fn in_hosts_file(&self, name: &Name, family: Option<Family>) -> Vec<IpAddr> {
        let found = families(family)
            .iter()
            .filter_map(|kind| self.hosts.lookup_static_host(&Query::query(name.clone(), *kind)));
        found.flat_map(|found| addresses(&found)).collect()
    }

    /// The addresses of one full name. Both families are asked for at once, as glibc does.
    async fn addresses_of(
        &self,
        name: &Name,
        family: Option<Family>,
    ) -> Result<Vec<IpAddr>, ResolveFailure> {
        let ask = |kind: &RecordType| self.of_family(name, *kind);
        let mut answers: FuturesUnordered<_> = families(family).iter().map(ask).collect();
        let (mut found, mut worst) = (Vec::new(), ResolveFailure::NoSuchName);
        loop {
            let next = if found.is_empty() {
                answers.next().await
            } else {
                timeout(OTHER_FAMILY, answers.next()).await.ok().flatten()
            };
            match next {
                Some(Ok(addresses)) => found.extend(addresses),
                Some(Err(failure)) => worst = answer::graver(worst, failure),
                None => break,
            }
        }
        if found.is_empty() {
            return Err(worst);
        }
        found.sort_by_key(IpAddr::is_ipv6); // Stable: within a family they stay as the server gave them.
        Ok(found)
    }

    async fn of_family(
        &self,
        name: &Name,
        kind: RecordType,
    ) -> Result<Vec<IpAddr>, ResolveFailure> {
        match self.dns.lookup(name.clone(), kind).await {
            Ok(found) => match addresses(&found) {
                none if none.is_empty() => Err(ResolveFailure::NoAddress),
                addresses => Ok(addresses),
            },
            Err(error) => Err(answer::failure(name, &error)),
        }
    }
}

/// The kinds of records to ask for.
const fn families(only: Option<Family>) -> &'static [RecordType] {
    match only {
        None => &[RecordType::A, RecordType::AAAA],
        Some(Family::Ipv4) => &[RecordType::A],
        Some(Family::Ipv6) => &[RecordType::AAAA],
    }
}

fn addresses(found: &Lookup) -> Vec<IpAddr> {
    found.answers().iter().filter_map(|record| record.data.ip_addr()).collect()
}

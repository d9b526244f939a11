//! Host name to address, with this machine's `/etc/resolv.conf` (search list and `ndots` as in Kubernetes pods) and
//! `/etc/hosts`. Not `getaddrinfo`, which a static program without its libraries cannot use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverOpts};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use tokio::time::Instant;

use super::Trace;
use super::failure::Failure;

/// Resolves names. Remembers no answer: each attempt measures the resolver again.
pub(super) struct Resolver {
    client: OnceLock<Result<TokioResolver, String>>,
}

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResolveFailure {
    /// This machine's configuration cannot be read.
    Configuration(String),
    /// No such name.
    NoSuchName,
    /// The name exists and has neither an A nor an AAAA record.
    NoAddress,
    /// The resolver answered with this code or with something unreadable.
    Server(String),
    /// The resolver did not answer; what was seen.
    Silence(String),
    /// The name leads to an address that only its literal may name.
    Forbidden(IpAddr),
}

impl Resolver {
    /// Reads the machine's configuration when it is first needed: a plan of addresses never does.
    pub(super) const fn of_this_machine() -> Self {
        Self { client: OnceLock::new() }
    }

    /// Reads the configuration now if `host` is a name.
    pub(super) fn prepare(&self, host: &str) {
        if host.parse::<IpAddr>().is_err() {
            self.client.get_or_init(system_client);
        }
    }

    /// The first IPv4 address of `host`, or else its first IPv6 address; `host` itself when it is an address.
    pub(super) async fn resolve(&self, host: &str, trace: &mut Trace) -> Result<IpAddr, Failure> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        let begun = Instant::now();
        let client = self.client.get_or_init(system_client).as_ref();
        let client = client
            .map_err(|error| Failure::Resolve(ResolveFailure::Configuration(error.clone())))?;
        let answer =
            client.lookup_ip(host).await.map_err(|error| Failure::Resolve(explain(&error)))?;
        let address = answer.iter().next().ok_or(Failure::Resolve(ResolveFailure::NoAddress))?;
        trace.phases.resolve_seconds = Some(begun.elapsed().as_secs_f64());
        if is_metadata(address) {
            return Err(Failure::Resolve(ResolveFailure::Forbidden(address)));
        }
        Ok(address)
    }
}

fn system_client() -> Result<TokioResolver, String> {
    let client = TokioResolver::builder_tokio().and_then(|mut builder| {
        adapt(builder.options_mut());
        builder.build()
    });
    client.map_err(|error| error.to_string())
}

fn adapt(options: &mut ResolverOpts) {
    options.cache_size = 0;
    options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
}

fn explain(error: &NetError) -> ResolveFailure {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => ResolveFailure::NoSuchName,
            ResponseCode::NoError => ResolveFailure::NoAddress,
            code => ResolveFailure::Server(code.to_string()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => ResolveFailure::Server(code.to_string()),
        NetError::Timeout | NetError::NoConnections | NetError::Io(_) => {
            ResolveFailure::Silence(error.to_string())
        }
        other => ResolveFailure::Server(other.to_string()),
    }
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
}

//! Addresses under which clouds hand out credentials to whoever asks from inside. What is checked must not lead there by
//! surprise, be it a name, a redirect or an object of the cluster; who means such an address writes it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Those that are not link-local, as the clouds' own documentation names them.
const V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba Cloud: metadata
    Ipv4Addr::new(168, 63, 129, 16), // Azure: wire server, the agent's configuration and certificates
];
const V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), // Google Cloud
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // Oracle Cloud
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),  // Scaleway
];
/// AWS: metadata `::254`, pod identity `::23`, and whatever else has its place beside them.
const AWS: [u16; 2] = [0xfd00, 0xec2];
/// An IPv4 address behind NAT64 (RFC 6052).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// Whether it is link-local (169.254.0.0/16, where most clouds have it, and `fe80::/10`) or one of those known beside,
/// also written as IPv6.
#[must_use]
pub fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || V4.contains(&v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_metadata(v4.into()),
            None => {
                v6.is_unicast_link_local() || V6.contains(&v6) || v6.segments().starts_with(&AWS)
            }
        },
    }
}

/// The IPv4 address that is meant.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = || {
        let [.., a, b, c, d] = address.octets();
        Ipv4Addr::new(a, b, c, d)
    };
    let behind_nat64 = address.segments().starts_with(&NAT64);
    address.to_ipv4_mapped().or_else(|| behind_nat64.then(last))
}

#[cfg(test)]
mod tests {
    use super::is_metadata;

    #[test]
    fn those_of_every_cloud_and_no_others() {
        let cases = [
            ("AWS, Azure, Google Cloud and most others", "169.254.169.254", true),
            ("Amazon ECS", "169.254.170.2", true),
            ("EKS pod identity", "169.254.170.23", true),
            ("Scaleway", "169.254.42.42", true),
            ("Tencent Cloud", "169.254.0.23", true),
            ("Alibaba Cloud", "100.100.100.200", true),
            ("Azure's wire server", "168.63.129.16", true),
            ("AWS over IPv6", "fd00:ec2::254", true),
            ("EKS pod identity over IPv6", "fd00:ec2::23", true),
            ("Google Cloud over IPv6", "fd20:ce::254", true),
            ("Oracle Cloud over IPv6", "fd00:c1::a9fe:a9fe", true),
            ("Scaleway over IPv6", "fd00:42::42", true),
            ("OpenStack over IPv6", "fe80::a9fe:a9fe", true),
            ("link-local", "fe80::1", true),
            ("mapped", "::ffff:169.254.169.254", true),
            ("mapped, not link-local", "::ffff:100.100.100.200", true),
            ("behind NAT64", "64:ff9b::a9fe:a9fe", true),
            ("a pod", "10.0.0.1", false),
            ("a node of a provider's shared range", "100.100.100.201", false),
            ("loopback", "127.0.0.1", false),
            ("a pod over IPv6", "fd00::254", false),
            ("another behind NAT64", "64:ff9b::a00:1", false),
        ];
        for (name, address, expected) in cases {
            assert_eq!(is_metadata(address.parse().expect(address)), expected, "{name}");
        }
    }
}

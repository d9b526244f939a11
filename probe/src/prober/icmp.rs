//! What ICMP errors say.

use kubectl_pods_report::IcmpError;

/// Names of the codes (IANA ICMP and ICMPv6 parameters; RFC 792, 1812, 4443).
pub(super) const fn meaning(icmp: IcmpError, v6: bool) -> &'static str {
    match (v6, icmp.kind, icmp.code) {
        (false, 3, 0) => "network unreachable",
        (false, 3, 1) | (true, 1, 3) => "host unreachable",
        (false, 3, 2) => "protocol unreachable",
        (false, 3, 3) | (true, 1, 4) => "port unreachable: a firewall rejects",
        (false, 3, 9) => "network administratively prohibited",
        (false, 3, 10) => "host administratively prohibited",
        (false, 3, 13) | (true, 1, 1) => "communication administratively prohibited",
        (true, 1, 0) => "no route to destination",
        (true, 1, 5) => "source address failed a policy",
        (true, 1, 6) => "reject route to destination",
        (false, 11, _) | (true, 3, _) => "time to live exceeded: a routing loop",
        _ => "another error",
    }
}

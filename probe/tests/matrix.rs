//! The rows of the fault matrix.

use kubectl_pods_report::Observation;

use crate::lab::Place;

const CLIENT: [&str; 2] = ["10.99.1.2", "fd99:1::2"];
const ROUTER: [&str; 2] = ["10.99.1.1", "fd99:1::1"];
pub(crate) const SERVER: [&str; 2] = ["10.99.2.2", "fd99:2::2"];

/// One row: a fault and what must be said about it. Pairs are for IPv4 and IPv6.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) address: [&'static str; 2],
    /// Where an nftables rule for this port stands, and what it does with a SYN.
    pub(crate) rule: Option<(Place, [&'static str; 2])>,
    pub(crate) observation: Observation,
    pub(crate) errno: [Option<&'static str>; 2],
    /// ICMP type and code, and who must have sent it.
    pub(crate) icmp: Option<[(u8, u8, &'static str); 2]>,
    /// SYNs that must have been sent again: at least, at most.
    pub(crate) retransmits: (u32, u32),
    /// What the sentence for people must say.
    pub(crate) says: &'static str,
}

const SAME: fn(&'static str) -> [Option<&'static str>; 2] = |errno| [Some(errno); 2];

const BASE: Fault = Fault {
    name: "listening",
    port: 7000,
    address: SERVER,
    rule: None,
    observation: Observation::Open,
    errno: [None; 2],
    icmp: None,
    retransmits: (0, 0),
    says: "connected",
};

fn refused() -> Vec<Fault> {
    vec![
        Fault { ..BASE },
        Fault {
            name: "nothing listening",
            port: 7999,
            observation: Observation::Refused,
            errno: SAME("ECONNREFUSED"),
            says: "nothing listens on the port, or a firewall resets",
            ..BASE
        },
        Fault {
            name: "reject with tcp reset (not to be told from the row above)",
            port: 7001,
            rule: Some((Place::Router, ["reject with tcp reset"; 2])),
            observation: Observation::Refused,
            errno: SAME("ECONNREFUSED"),
            says: "nothing listens on the port, or a firewall resets",
            ..BASE
        },
    ]
}

fn rejected_by_the_router() -> Vec<Fault> {
    let by_router = |name, port, rules, codes: [(u8, u8); 2], errno, says| Fault {
        name,
        port,
        rule: Some((Place::Router, rules)),
        observation: Observation::Rejected,
        errno,
        icmp: Some([(codes[0].0, codes[0].1, ROUTER[0]), (codes[1].0, codes[1].1, ROUTER[1])]),
        says,
        ..BASE
    };
    vec![
        by_router(
            "reject port-unreachable",
            7010,
            ["reject with icmp type port-unreachable", "reject with icmpv6 type port-unreachable"],
            [(3, 3), (1, 4)],
            SAME("ECONNREFUSED"),
            "port unreachable: a firewall rejects",
        ),
        by_router(
            "reject admin-prohibited",
            7011,
            ["reject with icmp type admin-prohibited", "reject with icmpv6 type admin-prohibited"],
            [(3, 13), (1, 1)],
            [Some("EHOSTUNREACH"), Some("EACCES")],
            "communication administratively prohibited",
        ),
        by_router(
            "reject host-prohibited, policy-fail",
            7012,
            ["reject with icmp type host-prohibited", "reject with icmpv6 type policy-fail"],
            [(3, 10), (1, 5)],
            [Some("EHOSTUNREACH"), Some("EACCES")],
            "ICMP",
        ),
        by_router(
            "reject net-unreachable, no-route",
            7013,
            ["reject with icmp type net-unreachable", "reject with icmpv6 type no-route"],
            [(3, 0), (1, 0)],
            SAME("ENETUNREACH"),
            "ICMP",
        ),
    ]
}

fn rejected_by_hosts() -> Vec<Fault> {
    let prohibited =
        ["reject with icmp type admin-prohibited", "reject with icmpv6 type admin-prohibited"];
    let by = |name, port, place, address: [&'static str; 2], says| Fault {
        name,
        port,
        rule: Some((place, prohibited)),
        observation: Observation::Rejected,
        errno: [Some("EHOSTUNREACH"), Some("EACCES")],
        icmp: Some([(3, 13, address[0]), (1, 1, address[1])]),
        says,
        ..BASE
    };
    vec![
        by(
            "reject by the server's own firewall",
            7014,
            Place::Server,
            SERVER,
            "communication administratively prohibited",
        ),
        by(
            "reject by the client's own firewall",
            7015,
            Place::Client,
            CLIENT,
            "a rule on the probe's own side",
        ),
    ]
}

fn unroutable_beyond() -> Vec<Fault> {
    vec![
        Fault {
            name: "the router has no route",
            address: ["10.98.0.1", "fd98::1"],
            observation: Observation::Rejected,
            errno: SAME("ENETUNREACH"),
            icmp: Some([(3, 0, ROUTER[0]), (1, 0, ROUTER[1])]),
            // A router's kernel limits these errors (net.ipv4.route.error_cost), and not by namespace.
            retransmits: (0, 2),
            says: "ICMP",
            ..BASE
        },
        Fault {
            name: "nobody has the address on the server's network",
            address: ["10.99.2.77", "fd99:2::77"],
            observation: Observation::Rejected,
            errno: SAME("EHOSTUNREACH"),
            icmp: Some([(3, 1, ROUTER[0]), (1, 3, ROUTER[1])]),
            says: "host unreachable",
            ..BASE
        },
        Fault {
            name: "a routing loop",
            address: ["10.97.0.1", "fd97::1"],
            observation: Observation::Rejected,
            errno: SAME("EHOSTUNREACH"),
            icmp: Some([(11, 0, "10.99.2.2"), (3, 0, "fd99:2::2")]),
            says: "a routing loop",
            ..BASE
        },
    ]
}

fn unroutable_from_here() -> Vec<Fault> {
    vec![
        Fault {
            name: "nobody has the address on the client's own network",
            address: ["10.99.1.77", "fd99:1::77"],
            observation: Observation::NoRoute,
            errno: SAME("EHOSTUNREACH"),
            icmp: Some([(3, 1, CLIENT[0]), (1, 3, CLIENT[1])]),
            says: "no ARP or neighbour reply",
            ..BASE
        },
        Fault {
            name: "the client has no route",
            address: ["10.1.0.1", "fd01::1"],
            observation: Observation::NoRoute,
            errno: SAME("ENETUNREACH"),
            says: "own kernel has no route",
            ..BASE
        },
        Fault {
            name: "the client's route prohibits",
            address: ["10.99.3.1", "fd99:3::1"],
            observation: Observation::NoRoute,
            errno: SAME("EACCES"),
            says: "own kernel refused to send",
            ..BASE
        },
    ]
}

fn silent() -> Vec<Fault> {
    let dropped = Fault {
        observation: Observation::Dropped,
        retransmits: (1, 3),
        says: "dropped by a firewall or policy",
        ..BASE
    };
    vec![
        Fault {
            name: "drop at the server",
            port: 7020,
            rule: Some((Place::Server, ["drop"; 2])),
            ..dropped
        },
        Fault {
            name: "drop at the client",
            port: 7021,
            rule: Some((Place::Client, ["drop"; 2])),
            ..dropped
        },
        Fault {
            name: "only the first SYN is lost",
            port: 7022,
            rule: Some((Place::Router, ["numgen inc mod 1000000 0 drop"; 2])),
            observation: Observation::Open,
            retransmits: (1, 1),
            says: "packets are lost on the way, the server is not slow",
            ..BASE
        },
    ]
}

/// All rows.
pub(crate) fn faults() -> Vec<Fault> {
    let rows = [
        refused(),
        rejected_by_the_router(),
        rejected_by_hosts(),
        unroutable_beyond(),
        unroutable_from_here(),
        silent(),
    ];
    rows.into_iter().flatten().collect()
}

//! The fault matrix: every way in which a connection can fail, made for real, and what the probe says about it.
//!
//! All rows are tried at once, each on a port (or address) of its own, once over IPv4 and once over IPv6.

use std::fmt::Write;
use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use kubectl_pods_report::{Attempt, Check, HttpRequest, Protocol, Verdict};

use crate::lab::{Lab, Place};
use crate::plans::{plan, tcp, with};

const CLIENT: [&str; 2] = ["10.99.1.2", "fd99:1::2"];
const ROUTER: [&str; 2] = ["10.99.1.1", "fd99:1::1"];
const SERVER: [&str; 2] = ["10.99.2.2", "fd99:2::2"];

/// One row: a fault and what must be said about it. Pairs are for IPv4 and IPv6.
struct Fault {
    name: &'static str,
    port: u16,
    address: [&'static str; 2],
    /// Where an nftables rule for this port stands, and what it does with a SYN.
    rule: Option<(Place, [&'static str; 2])>,
    verdict: Verdict,
    errno: [Option<&'static str>; 2],
    /// ICMP type and code, and who must have sent it.
    icmp: Option<[(u8, u8, &'static str); 2]>,
    /// SYNs that must have been sent again: at least, at most.
    retransmits: (u32, u32),
    /// What the sentence for people must say.
    says: &'static str,
}

const SAME: fn(&'static str) -> [Option<&'static str>; 2] = |errno| [Some(errno); 2];

const BASE: Fault = Fault {
    name: "listening",
    port: 7000,
    address: SERVER,
    rule: None,
    verdict: Verdict::Open,
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
            verdict: Verdict::Refused,
            errno: SAME("ECONNREFUSED"),
            says: "nothing listens on the port, or a firewall resets",
            ..BASE
        },
        Fault {
            name: "reject with tcp reset (not to be told from the row above)",
            port: 7001,
            rule: Some((Place::Router, ["reject with tcp reset"; 2])),
            verdict: Verdict::Refused,
            errno: SAME("ECONNREFUSED"),
            says: "nothing listens on the port, or a firewall resets",
            ..BASE
        },
    ]
}

fn rejected() -> Vec<Fault> {
    let by_router = |name, port, rules, codes: [(u8, u8); 2], errno, says| Fault {
        name,
        port,
        rule: Some((Place::Router, rules)),
        verdict: Verdict::Rejected,
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
        Fault {
            name: "reject by the server's own firewall",
            port: 7014,
            rule: Some((
                Place::Server,
                [
                    "reject with icmp type admin-prohibited",
                    "reject with icmpv6 type admin-prohibited",
                ],
            )),
            verdict: Verdict::Rejected,
            errno: [Some("EHOSTUNREACH"), Some("EACCES")],
            icmp: Some([(3, 13, SERVER[0]), (1, 1, SERVER[1])]),
            says: "communication administratively prohibited",
            ..BASE
        },
        Fault {
            name: "reject by the client's own firewall",
            port: 7015,
            rule: Some((
                Place::Client,
                [
                    "reject with icmp type admin-prohibited",
                    "reject with icmpv6 type admin-prohibited",
                ],
            )),
            verdict: Verdict::Rejected,
            errno: [Some("EHOSTUNREACH"), Some("EACCES")],
            icmp: Some([(3, 13, CLIENT[0]), (1, 1, CLIENT[1])]),
            says: "a rule on the probe's own side",
            ..BASE
        },
    ]
}

fn unroutable() -> Vec<Fault> {
    vec![
        Fault {
            name: "the router has no route",
            address: ["10.98.0.1", "fd98::1"],
            verdict: Verdict::Rejected,
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
            verdict: Verdict::Rejected,
            errno: SAME("EHOSTUNREACH"),
            icmp: Some([(3, 1, ROUTER[0]), (1, 3, ROUTER[1])]),
            says: "host unreachable",
            ..BASE
        },
        Fault {
            name: "a routing loop",
            address: ["10.97.0.1", "fd97::1"],
            verdict: Verdict::Rejected,
            errno: SAME("EHOSTUNREACH"),
            icmp: Some([(11, 0, "10.99.2.2"), (3, 0, "fd99:2::2")]),
            says: "a routing loop",
            ..BASE
        },
        Fault {
            name: "nobody has the address on the client's own network",
            address: ["10.99.1.77", "fd99:1::77"],
            verdict: Verdict::NoRoute,
            errno: SAME("EHOSTUNREACH"),
            icmp: Some([(3, 1, CLIENT[0]), (1, 3, CLIENT[1])]),
            says: "no ARP or neighbour reply",
            ..BASE
        },
        Fault {
            name: "the client has no route",
            address: ["10.1.0.1", "fd01::1"],
            verdict: Verdict::NoRoute,
            errno: SAME("ENETUNREACH"),
            says: "own kernel has no route",
            ..BASE
        },
        Fault {
            name: "the client's route prohibits",
            address: ["10.99.3.1", "fd99:3::1"],
            verdict: Verdict::NoRoute,
            errno: SAME("EACCES"),
            says: "own kernel refused to send",
            ..BASE
        },
    ]
}

fn silent() -> Vec<Fault> {
    let dropped = Fault {
        verdict: Verdict::Dropped,
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
            verdict: Verdict::Open,
            retransmits: (1, 1),
            says: "packets are lost on the way, the server is not slow",
            ..BASE
        },
    ]
}

#[test]
fn every_fault_has_its_verdict_and_its_evidence() {
    let faults: Vec<Fault> =
        [refused(), rejected(), unroutable(), silent()].into_iter().flatten().collect();
    let lab = Lab::new();
    for (place, hook) in
        [(Place::Client, "output"), (Place::Router, "forward"), (Place::Server, "input")]
    {
        lab.nft(place, &ruleset(&faults, place, hook));
    }
    lab.ip("-n {router} route add 10.97.0.0/16 via 10.99.2.2");
    lab.ip("-n {router} -6 route add fd97::/16 via fd99:2::2");
    lab.ip("-n {client} route add prohibit 10.99.3.0/24");
    lab.ip("-n {client} -6 route add prohibit fd99:3::/64");
    let _listeners: Vec<TcpListener> = lab.inside(Place::Server, || {
        let ports = faults.iter().filter(|fault| fault.port != 7999).map(|fault| fault.port);
        let mut ports: Vec<u16> = ports.collect();
        ports.sort_unstable();
        ports.dedup();
        ports.into_iter().map(|port| TcpListener::bind(("::", port)).expect("bind")).collect()
    });
    for family in [0, 1] {
        let checks = faults.iter().map(|fault| check(fault, family)).collect();
        let outcome = lab.probe(&plan(checks));
        let complaints: Vec<String> = faults
            .iter()
            .zip(&outcome.attempts)
            .flat_map(|(fault, attempt)| complaints(fault, family, attempt))
            .collect();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

fn check(fault: &Fault, family: usize) -> Check {
    with(tcp(fault.address[family], fault.port), |check| fault.name.clone_into(&mut check.target))
}

/// One chain with one rule for each row that has one at this place.
fn ruleset(faults: &[Fault], place: Place, hook: &str) -> String {
    let mut rules =
        format!("table inet faults {{ chain syn {{ type filter hook {hook} priority 0;\n");
    for fault in faults {
        let Some((_, actions)) = fault.rule.filter(|(at, _)| *at == place) else { continue };
        for (protocol, action) in ["ipv4", "ipv6"].iter().zip(actions) {
            let port = fault.port;
            let rule = "tcp flags & (syn | ack) == syn";
            writeln!(rules, "meta nfproto {protocol} tcp dport {port} {rule} {action}")
                .expect("a String takes all");
        }
    }
    rules + "}\n}\n"
}

/// Everything that is not as the row demands.
fn complaints(fault: &Fault, family: usize, attempt: &Attempt) -> Vec<String> {
    let icmp = attempt.evidence.icmp.map(|icmp| (icmp.kind, icmp.code, icmp.sender));
    let expected = fault.icmp.map(|rows| rows[family]);
    let expected = expected
        .map(|(kind, code, sender)| (kind, code, Some(sender.parse::<IpAddr>().expect(sender))));
    let resent = attempt.evidence.tcp_info.map(|info| info.total_retrans);
    let in_range =
        resent.is_some_and(|count| (fault.retransmits.0..=fault.retransmits.1).contains(&count));
    let connected = attempt.phases.connect_seconds;
    let claims = [
        ("verdict", attempt.verdict == fault.verdict),
        ("errno", attempt.evidence.errno.as_deref() == fault.errno[family]),
        ("icmp", icmp == expected),
        ("retransmits", in_range),
        ("message", attempt.message.contains(fault.says)),
        (
            "a latency for what is open and for nothing else",
            connected.is_some() == (fault.verdict == Verdict::Open),
        ),
        (
            "waited for the SYN that was sent again",
            fault.retransmits.0 == 0 || attempt.total_seconds > 0.9,
        ),
    ];
    let failed = claims.iter().filter(|(_, holds)| !holds);
    failed
        .map(|(claim, _)| format!("{} (family {family}): {claim}: {attempt:#?}", fault.name))
        .collect()
}

#[test]
fn silence_after_the_handshake_is_stalled() {
    let lab = Lab::new();
    // Data never arrives; the handshake does.
    lab.nft(
        Place::Router,
        "table inet faults { chain data { type filter hook forward priority 0; tcp dport 7000 tcp flags & psh == psh drop; }; }",
    );
    let listener = lab.inside(Place::Server, || TcpListener::bind(("::", 7000)).expect("bind"));
    let check = with(tcp(SERVER[0], 7000), |check| {
        check.protocol = Protocol::Http;
        check.http = Some(HttpRequest::default());
        check.timeout_seconds = 1.5;
    });
    let attempt = lab.probe(&plan(vec![check])).attempts.remove(0);
    drop(listener);
    assert_eq!(attempt.verdict, Verdict::Stalled, "{attempt:#?}");
    assert!(
        attempt.phases.connect_seconds.is_some() && attempt.phases.processing_seconds.is_none(),
        "{attempt:#?}"
    );
    let info = attempt.evidence.tcp_info.expect("TCP_INFO");
    assert!(
        info.total_retrans > 0 && info.unacked > 0,
        "the request was sent again and never acknowledged: {info:?}"
    );
    assert!(attempt.total_seconds < Duration::from_secs(3).as_secs_f64(), "{attempt:#?}");
}

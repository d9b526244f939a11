//! The fault matrix: every way in which a connection can fail, made for real, and what the probe says about it.
//!
//! All rows are tried at once, each on a port (or address) of its own, once over IPv4 and once over IPv6.

use std::fmt::Write;
use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use kubectl_pods_report::{Ask, Attempt, Check, HttpRequest, Observation};

use crate::lab::{Lab, Place};
use crate::matrix::{Fault, SERVER, faults};
use crate::plans::{plan, tcp, within};

#[test]
fn every_fault_has_its_observation_and_its_evidence() {
    let faults = faults();
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
    Check { target: fault.name.into(), ..tcp(fault.address[family], fault.port) }
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
        ("observation", attempt.observation == fault.observation),
        ("errno", attempt.evidence.errno.as_deref() == fault.errno[family]),
        ("icmp", icmp == expected),
        ("retransmits", in_range),
        ("message", attempt.message.contains(fault.says)),
        (
            "a latency for what is open and for nothing else",
            connected.is_some() == (fault.observation == Observation::Open),
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
    let ask = Ask::http(7000, HttpRequest::default());
    let check = within(Check { ask, ..tcp(SERVER[0], 7000) }, 1.5);
    let attempt = lab.probe(&plan(vec![check])).attempts.remove(0);
    drop(listener);
    assert_eq!(attempt.observation, Observation::Stalled, "{attempt:#?}");
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

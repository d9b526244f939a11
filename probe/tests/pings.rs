//! ICMP echo without a capability, across a router.

use std::fs;

use kubectl_pods_report::{Ask, Check, Observation};

use crate::lab::{Lab, Place};
use crate::plans::{plan, tcp};

fn ping(host: &str) -> Check {
    Check { ask: Ask::Icmp, ..tcp(host, 0) }
}

#[test]
fn an_echo_is_answered_refused_or_lost() {
    use Observation::{Dropped, NotRun, Open, Rejected};
    let lab = Lab::new();
    let attempt = lab.probe(&plan(vec![ping("10.99.2.2")])).attempts.remove(0);
    assert_eq!(attempt.observation, NotRun, "{attempt:#?}");
    assert!(attempt.message.contains("net.ipv4.ping_group_range"), "{}", attempt.message);

    lab.inside(Place::Client, || {
        fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647").expect("the sysctl");
    });
    lab.nft(
        Place::Router,
        "table inet lost { chain lost { type filter hook forward priority 0; ip daddr 10.99.2.77 drop; }; }",
    );
    let cases = [
        ("10.99.2.2", Open, "echo reply"),
        ("fd99:2::2", Open, "echo reply"),
        ("127.0.0.1", Open, "echo reply"),
        ("10.99.2.77", Dropped, "no answer to an echo request in 2.5 s"),
        ("10.97.0.7", Rejected, "ICMP 3/0 (network unreachable) from 10.99.1.1"),
    ];
    let checks = cases.iter().map(|(host, ..)| ping(host)).collect();
    let attempts = lab.probe(&plan(checks)).attempts;
    for (host, observation, message) in cases {
        let attempt = attempts.iter().find(|attempt| attempt.target.starts_with(host));
        let attempt = attempt.expect(host);
        assert_eq!(attempt.observation, observation, "{attempt:#?}");
        assert!(attempt.message.starts_with(message), "{host}: {}", attempt.message);
        let rtt = attempt.rtt_seconds();
        assert_eq!(rtt.is_some_and(|rtt| rtt > 0.0 && rtt < 2.0), observation == Open, "{rtt:?}");
    }
}

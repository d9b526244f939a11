//! UDP across a router: an echo, a DNS server, a closed port, a firewall, and silence.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kubectl_pods_report::{Ask, Check, Judgement, Observation};

use crate::lab::{Lab, Place};
use crate::plans::{plan, tcp};

fn udp(host: &str, port: u16) -> Check {
    Check { ask: Ask::Udp { port }, ..tcp(host, port) }
}

#[test]
fn a_datagram_is_answered_refused_rejected_or_proves_nothing() {
    use Observation::{Open, Refused, Rejected, Silent};
    let lab = Lab::new();
    lab.nft(
        Place::Router,
        "table inet closed { chain closed { type filter hook forward priority 0; \
         udp dport 9 reject with icmpx type admin-prohibited; }; }",
    );
    let [echo, dns, _mute] = lab.inside(Place::Server, || {
        [7000, 53, 7001].map(|port| UdpSocket::bind(("::", port)).expect("bind"))
    });
    for socket in [&echo, &dns] {
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("time-out");
    }
    let cases = [
        (7000, Open, Judgement::Held, "echoed what was sent"),
        // The header and the question of which the answer is made.
        (53, Open, Judgement::Held, "answered with 12 B: \"kp"),
        (7001, Silent, Judgement::Unknown, "no answer to a datagram in 2.5 s"),
        (7002, Refused, Judgement::Failed, "ICMP \"port unreachable\" from "),
        (9, Rejected, Judgement::Failed, "ICMP"),
    ];
    for host in ["10.99.2.2", "fd99:2::2"] {
        let checks = cases.iter().map(|(port, ..)| udp(host, *port)).collect();
        let done = AtomicBool::new(false);
        let attempts = thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    answer_one(&echo, 512);
                    answer_one(&dns, 12);
                }
            });
            let attempts = lab.probe(&plan(checks)).attempts;
            done.store(true, Ordering::Relaxed);
            attempts
        });
        for (port, observation, judgement, message) in cases {
            let attempt = attempts.iter().find(|attempt| attempt.port == Some(port));
            let attempt = attempt.expect("an attempt");
            let seen = (attempt.observation, attempt.judgement);
            assert_eq!(seen, (observation, judgement), "{port}: {attempt:#?}");
            assert!(attempt.message.starts_with(message), "{port}: {}", attempt.message);
            assert_eq!(attempt.rtt_seconds().is_some(), observation == Open, "{attempt:#?}");
        }
    }
}

/// Sends back at most `length` bytes of what comes.
fn answer_one(socket: &UdpSocket, length: usize) {
    let mut buffer = [0; 512];
    if let Ok((received, peer)) = socket.recv_from(&mut buffer) {
        socket.send_to(&buffer[..received.min(length)], peer).expect("sends");
    }
}

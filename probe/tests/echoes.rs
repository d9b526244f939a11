//! What a standing probe says over UDP, to whom, and to whom not.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use kubectl_pods_report::{Ask, Attempt, Backend, Check, Observation, Plan};

use crate::daemon::Standing;
use crate::plans::{attempt, plan, run, tcp};

/// What `attempt` shows when the probe of `pod` answered it.
fn answered(attempt: &Attempt) -> Option<(&str, &str)> {
    assert_eq!(attempt.observation, Observation::Open, "{attempt:#?}");
    attempt.details.answered_by.as_ref().map(|by| (by.name.as_str(), by.node.as_str()))
}

fn udp(address: SocketAddr) -> Check {
    Check {
        ask: Ask::Udp { port: address.port() },
        ..tcp(&address.ip().to_string(), address.port())
    }
}

fn client() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bind");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    socket
}

/// A question as a probe asks it.
async fn question() -> Vec<u8> {
    let server = client();
    let check = udp(server.local_addr().expect("an address"));
    let taken = tokio::task::spawn_blocking(move || {
        let mut datagram = [0; 2048];
        let (length, peer) = server.recv_from(&mut datagram).expect("a question");
        server.send_to(b"thanks", peer).expect("sends");
        datagram[..length].to_vec()
    });
    let (asked, taken) = tokio::join!(attempt(check), taken);
    assert_eq!(asked.message, "answered with 6 B: \"thanks\"");
    taken.expect("a question")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_it_is_from_the_address_that_was_asked() {
    let probe = Standing::start_as("probe-a", "[::]:0", Vec::new());
    let port = probe.address.port();
    // The routes would have it answer from 127.0.0.1 whatever address was asked, and the answer be heard by nobody.
    for host in ["127.0.0.1", "127.0.0.2", "::1"] {
        let seen = attempt(udp(SocketAddr::new(host.parse().expect("an address"), port))).await;
        assert_eq!(answered(&seen), Some(("probe-a", "n1")), "{host}");
        assert_eq!(seen.message, "echoed by probe-a on n1", "{host}");
        assert!(seen.rtt_seconds().is_some_and(|seconds| seconds > 0.0), "{seen:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_attempts_count_who_answered_even_when_they_are_summed_up() {
    let probe = Standing::start_as("probe-a", "127.0.0.1:0", Vec::new());
    let summed_up =
        Plan { attempts: 5, max_attempt_records: Some(1), ..plan(vec![udp(probe.address)]) };
    let summaries = run(&summed_up).await.summaries;
    let shares = summaries[0].backends.iter().map(|share| (&share.backend, share.count));
    let backend = Backend { name: "probe-a".to_owned(), node: "n1".to_owned() };
    assert_eq!(shares.collect::<Vec<_>>(), [(&backend, 5)], "{summaries:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_question_is_answered_and_none_at_length() {
    let probe = Standing::start_as("probe-a", "127.0.0.1:0", Vec::new());
    let (question, client) = (question().await, client());
    let mut answer = [0; 2048];
    client.send_to(&question, probe.address).expect("sends");
    let (length, _) = client.recv_from(&mut answer).expect("an answer");
    assert!(length <= question.len(), "{length} bytes to {}", question.len());
    // One probe's answer is no question to another: what comes back is the answer to what was sent after all of these.
    let answer = answer[..length].to_vec();
    for foreign in [&b""[..], b"hello\n", &question[..20], &answer, &[b'x'; 1400]] {
        client.send_to(foreign, probe.address).expect("sends");
    }
    let last = [&b"kubectl-pods abc"[..], &[b' '; 500]].concat();
    client.send_to(&last, probe.address).expect("sends");
    let mut next = [0; 2048];
    let (length, _) = client.recv_from(&mut next).expect("an answer");
    assert_eq!(&next[..length], b"kubectl-pods-echo abc probe-a n1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_them_do_not_talk_to_each_other() {
    let probes = ["probe-a", "probe-b"].map(|pod| Standing::start_as(pod, "127.0.0.1:0", vec![]));
    let question = question().await;
    // A third in the place of each, who hands on to the other whatever it says, as a forged sender's address would.
    let relays = [client(), client()];
    let [a, b] = &probes;
    relays[0].send_to(&question, a.address).expect("sends");
    let mut said = [0; 2048];
    let (length, _) = relays[0].recv_from(&mut said).expect("an answer");
    relays[1].send_to(&said[..length], b.address).expect("sends");
    // What it says next is about the next question, so it had nothing to say to that.
    relays[1].send_to(&question, b.address).expect("sends");
    let (length, _) = relays[1].recv_from(&mut said).expect("an answer");
    let words = String::from_utf8_lossy(&said[..length]);
    assert!(words.ends_with(" probe-b n1\n"), "{words}");
    relays[1].set_read_timeout(Some(Duration::from_millis(300))).expect("a time-out");
    assert!(relays[1].recv_from(&mut said).is_err(), "a second answer");
}

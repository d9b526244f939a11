//! Name resolution against a name server of our own, with the `/etc/resolv.conf` of a pod.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{RData, Record, RecordType};
use kubectl_pods_report::{Ask, Asked, Attempt, Check, Family, Limits, NameAnswer, Observation};

use crate::lab::{Lab, Place};
use crate::plans::{plan, tcp};

const RESOLV_CONF: &str = "nameserver 10.99.2.2\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";

#[test]
fn names_resolve_as_in_a_pod() {
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", RESOLV_CONF);
    lab.etc(Place::Client, "hosts", "127.0.0.1 localhost\n10.99.2.2 in-hosts\n");
    let cases = [
        ("found by the first search domain", "web", Observation::Open, "connected"),
        ("found by the last search domain", "web.shop.svc", Observation::Open, "connected"),
        ("absolute", "web.shop.svc.cluster.local.", Observation::Open, "connected"),
        ("IPv6 only", "six", Observation::Open, "connected"),
        ("in /etc/hosts", "in-hosts", Observation::Open, "connected"),
        (
            "no such name",
            "nothing",
            Observation::DnsNxdomain,
            "the resolver knows no nothing (glibc: Name or service not known)",
        ),
        (
            "no address",
            "mail-only",
            Observation::DnsNodata,
            "mail-only exists but has neither an IPv4 nor an IPv6 address (glibc: No address associated with hostname)",
        ),
        (
            "server failure",
            "broken",
            Observation::DnsServfail,
            "the resolver failed on broken, when asked for broken.shop.svc.cluster.local.: Server Failure (glibc: Temporary failure in name resolution)",
        ),
        (
            "failure on the first name, the others missing",
            "half-broken",
            Observation::DnsServfail,
            "asked for half-broken.shop.svc.cluster.local.: Server Failure",
        ),
        (
            "refused on the last name, the others missing",
            "refusing",
            Observation::DnsServfail,
            "asked for refusing.: Query Refused",
        ),
        (
            "failure for IPv4, no address for IPv6",
            "half-family",
            Observation::DnsServfail,
            "asked for half-family.shop.svc.cluster.local.: Server Failure",
        ),
        ("failure on the first name, the next found", "late", Observation::Open, "connected"),
        (
            "no address on the first name, the others missing",
            "half-empty",
            Observation::DnsNodata,
            "half-empty exists but has neither",
        ),
        (
            "silence",
            "silent",
            Observation::DnsTimeout,
            "no answer from the resolver about silent in 2.5 s, when asked for silent.shop.svc.cluster.local.",
        ),
        (
            "metadata by a name",
            "sneaky",
            Observation::NotRun,
            "refused: sneaky resolves to 169.254.169.254",
        ),
        ("metadata by its address", "169.254.169.254", Observation::NoRoute, "no route"),
    ];
    let checks = cases.iter().map(|(_, host, ..)| tcp(host, 7000)).collect();
    let (attempts, questions) = with_name_server(&lab, || lab.probe(&plan(checks)).attempts);
    for ((name, _, observation, says), attempt) in cases.iter().zip(&attempts) {
        assert_eq!(attempt.observation, *observation, "{name}: {attempt:#?}");
        assert!(attempt.message.contains(says), "{name}: {}", attempt.message);
        let resolved =
            attempt.address.is_some() && !attempt.target.starts_with(|c: char| c.is_ascii_digit());
        assert_eq!(
            attempt
                .phases
                .resolve_seconds
                .is_some_and(|_| attempt.observation == Observation::Open),
            resolved,
            "{name}"
        );
    }
    let asked = |name: &str| questions.iter().filter(|question| *question == name).count();
    assert_eq!(
        asked("web.shop.svc.shop.svc.cluster.local."),
        2,
        "A and AAAA in the first search domain: {questions:?}"
    );
    let in_hosts = questions.iter().filter(|question| question.starts_with("in-hosts.")).count();
    assert_eq!(in_hosts, 0, "/etc/hosts comes before the search list: {questions:?}");
    assert_eq!(
        asked("web.shop.svc.cluster.local.cluster.local."),
        0,
        "an absolute name is not searched: {questions:?}"
    );
}

#[test]
fn every_address_and_every_question_is_told() {
    use NameAnswer::{Failed, Found, NoAddress, NoSuchName};
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", RESOLV_CONF);
    lab.etc(Place::Client, "hosts", "10.99.2.2 in-hosts\nfd99:2::2 in-hosts\n");
    let failed = |words: &str| Failed(words.to_owned());
    let shop = "shop.svc.cluster.local.";
    let cases = [
        ("both", vec!["10.99.2.2", "10.99.2.3", "fd99:2::2"], vec![(shop, Found)]),
        ("in-hosts", vec!["10.99.2.2", "fd99:2::2"], vec![]),
        (
            "late",
            vec!["10.99.2.2"],
            vec![(shop, failed("Server Failure")), ("svc.cluster.local.", Found)],
        ),
        (
            "half-empty",
            vec![],
            vec![
                (shop, NoAddress),
                ("svc.cluster.local.", NoSuchName),
                ("cluster.local.", NoSuchName),
                ("", NoSuchName),
            ],
        ),
        // glibc asks for no more of the search list after any failure but SERVFAIL, only for the name as it stands.
        ("half-refusing", vec![], vec![(shop, failed("Query Refused")), ("", NoSuchName)]),
    ];
    let checks = cases.iter().map(|(host, ..)| tcp(host, 7000)).collect();
    let (attempts, _) = with_name_server(&lab, || lab.probe(&plan(checks)).attempts);
    for ((host, addresses, asked), attempt) in cases.iter().zip(&attempts) {
        let name = attempt.details.name.as_ref().expect("a name");
        let found: Vec<String> = name.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(found, *addresses, "{host}: {attempt:#?}");
        let asked = asked.iter().map(|(domain, answer)| Asked {
            name: format!("{host}.{domain}"),
            answer: answer.clone(),
        });
        assert_eq!(name.asked, asked.collect::<Vec<_>>(), "{host}");
    }
}

#[test]
fn one_family_or_every_address() {
    use Observation::{DnsNodata, DnsNxdomain, Open, Rejected};
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", RESOLV_CONF);
    let of = |host, family| Check { family: Some(family), ..tcp(host, 7000) };
    let every = |host| Check { every_address: true, ..tcp(host, 7000) };
    let checks = vec![
        of("both", Family::Ipv4),
        of("both", Family::Ipv6),
        of("six", Family::Ipv4),
        every("both"),
        every("nothing"),
    ];
    let (attempts, _) = with_name_server(&lab, || lab.probe(&plan(checks)).attempts);
    let mut seen: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            let address = attempt.address.map(|address| address.to_string()).unwrap_or_default();
            (attempt.check, address, attempt.observation)
        })
        .collect();
    seen.sort();
    let expected = [
        (0, "10.99.2.2", Open),
        (1, "fd99:2::2", Open),
        (2, "", DnsNodata),
        (3, "10.99.2.2", Open),
        (3, "10.99.2.3", Rejected),
        (3, "fd99:2::2", Open),
        (4, "", DnsNxdomain),
    ];
    assert_eq!(seen, expected.map(|(id, at, seen)| (id, at.to_owned(), seen)), "{attempts:#?}");
    assert!(attempts[2].message.contains("has no IPv4 address"), "{}", attempts[2].message);
}

#[test]
fn the_resolver_alone() {
    use Observation::{DnsNxdomain, Open};
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", RESOLV_CONF);
    let ask = |host| Check { ask: Ask::Dns, ..tcp(host, 0) };
    let checks = vec![ask("both"), ask("nothing")];
    let (attempts, _) = with_name_server(&lab, || lab.probe(&plan(checks)).attempts);
    let mut seen: Vec<_> =
        attempts.iter().map(|a| (a.check, a.observation, a.message.as_str())).collect();
    seen.sort();
    let unknown = "the resolver knows no nothing (glibc: Name or service not known)";
    assert_eq!(seen, [(0, Open, "is 10.99.2.2, 10.99.2.3, fd99:2::2"), (1, DnsNxdomain, unknown)]);
    assert!(attempts.iter().all(|attempt| attempt.address.is_none() && attempt.port.is_none()));
}

#[test]
fn what_is_given_is_not_asked_for() {
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", "nameserver 10.99.1.1\n");
    let given = Check { address: "10.99.2.2".parse().ok(), ..tcp("web", 9) };
    let attempt = lab.probe(&plan(vec![given])).attempts.remove(0);
    assert_eq!(attempt.observation, Observation::Refused, "{attempt:#?}");
    assert_eq!(attempt.details.name, None, "nobody was asked: {attempt:#?}");
}

#[test]
fn a_resolver_that_is_not_there_is_a_time_out_of_the_resolver() {
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", "nameserver 10.99.1.1\n");
    let limits = Limits { connect_seconds: 1.0, total_seconds: 4.0 };
    let check = Check { limits, ..tcp("web", 7000) };
    let attempt = lab.probe(&plan(vec![check])).attempts.remove(0);
    assert_eq!(attempt.observation, Observation::DnsTimeout, "{attempt:#?}");
    assert_eq!(attempt.address, None);
}

#[test]
fn silence_about_one_name_of_the_search_list_is_not_a_missing_name() {
    let lab = Lab::new();
    let impatient = RESOLV_CONF.replace("ndots:5", "ndots:5 timeout:1 attempts:1");
    lab.etc(Place::Client, "resolv.conf", &impatient);
    let limits = Limits { connect_seconds: 60.0, total_seconds: 60.0 };
    let check = Check { limits, ..tcp("half-silent", 7000) };
    let (mut attempts, questions) =
        with_name_server(&lab, || lab.probe(&plan(vec![check])).attempts);
    let attempt = attempts.remove(0);
    assert!(questions.iter().any(|name| name == "half-silent."), "the last too: {questions:?}");
    assert_eq!(attempt.observation, Observation::DnsTimeout, "{attempt:#?}");
    let says = "when asked for half-silent.shop.svc.cluster.local.";
    assert!(attempt.message.contains(says), "{}", attempt.message);
}

#[test]
fn without_a_resolver_addresses_still_work() {
    let lab = Lab::new();
    lab.etc(Place::Client, "resolv.conf", "");
    let checks = vec![tcp("web", 7000), tcp("10.99.2.2", 7000)];
    let attempts = lab.probe(&plan(checks)).attempts;
    assert_eq!(attempts[0].observation, Observation::NotRun, "{attempts:#?}");
    assert!(
        attempts[0].message.starts_with("no resolver is configured"),
        "{}",
        attempts[0].message
    );
    assert_eq!(attempts[1].observation, Observation::Refused, "{attempts:#?}");
}

/// Runs `work` while a name server and a listener are up at the server; returns also which names were asked for.
fn with_name_server(lab: &Lab, work: impl FnOnce() -> Vec<Attempt>) -> (Vec<Attempt>, Vec<String>) {
    let (socket, _listener) = lab.inside(Place::Server, || {
        (
            UdpSocket::bind("10.99.2.2:53").expect("bind"),
            TcpListener::bind(("::", 7000)).expect("bind"),
        )
    });
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("time-out");
    let (done, questions) = (AtomicBool::new(false), Mutex::default());
    let attempts = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                answer_one(&socket, &questions);
            }
        });
        let attempts = work();
        done.store(true, Ordering::Relaxed);
        attempts
    });
    (attempts, questions.into_inner().expect("not poisoned"))
}

fn answer_one(socket: &UdpSocket, questions: &Mutex<Vec<String>>) {
    let mut buffer = [0; 1500];
    let Ok((length, peer)) = socket.recv_from(&mut buffer) else { return };
    let question = Message::from_vec(&buffer[..length]).expect("a DNS message");
    let query = question.queries[0].clone();
    questions.lock().expect("not poisoned").push(query.name().to_string());
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.add_query(query.clone());
    let name = query.name().to_string();
    match zone(&name, query.query_type()) {
        Answer::Silence => return,
        Answer::Code(code) => answer.metadata.response_code = code,
        Answer::Data(all) => {
            for data in all {
                answer.add_answer(Record::from_rdata(query.name().clone(), 5, data));
            }
        }
    }
    socket.send_to(&answer.to_vec().expect("encodes"), peer).expect("sends");
}

enum Answer {
    Silence,
    Code(ResponseCode),
    Data(Vec<RData>),
}

fn zone(name: &str, kind: RecordType) -> Answer {
    let a = |address: [u8; 4]| RData::A(Ipv4Addr::from(address).into());
    let v4 = |address| Answer::Data(vec![a(address)]);
    let v6 = || {
        let address: Ipv6Addr = "fd99:2::2".parse().expect("an address");
        Answer::Data(vec![RData::AAAA(address.into())])
    };
    match (name, kind) {
        ("web.shop.svc.cluster.local." | "late.svc.cluster.local.", RecordType::A) => {
            v4([10, 99, 2, 2])
        }
        ("sneaky.shop.svc.cluster.local.", RecordType::A) => v4([169, 254, 169, 254]),
        ("six.shop.svc.cluster.local." | "both.shop.svc.cluster.local.", RecordType::AAAA) => v6(),
        ("both.shop.svc.cluster.local.", RecordType::A) => {
            Answer::Data(vec![a([10, 99, 2, 2]), a([10, 99, 2, 3])])
        }
        ("six.shop.svc.cluster.local.", _) => Answer::Code(ResponseCode::NoError),
        ("late.shop.svc.cluster.local." | "half-broken.shop.svc.cluster.local.", _)
        | ("half-family.shop.svc.cluster.local.", RecordType::A) => {
            Answer::Code(ResponseCode::ServFail)
        }
        ("refusing." | "half-refusing.shop.svc.cluster.local.", _) => {
            Answer::Code(ResponseCode::Refused)
        }
        ("half-empty.shop.svc.cluster.local." | "half-family.shop.svc.cluster.local.", _) => {
            Answer::Code(ResponseCode::NoError)
        }
        ("half-silent.shop.svc.cluster.local.", _) => Answer::Silence,
        _ if name.starts_with("mail-only.") => Answer::Code(ResponseCode::NoError),
        _ if name.starts_with("broken.") => Answer::Code(ResponseCode::ServFail),
        _ if name.starts_with("silent.") => Answer::Silence,
        _ => Answer::Code(ResponseCode::NXDomain),
    }
}

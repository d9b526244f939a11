//! Found addresses become the plan that a probe carries out.

use std::{net::IpAddr, time::Duration};

use kubectl_pods_report::{
    Ask, Check, Expectation, HttpRequest, Limits, Observation, Plan, Protocol,
};

use super::{
    addressing::Addressing,
    places::{Resolution, Resolved},
    ports::Port,
    target::Target,
};
use crate::cli::{AttemptArgs, CheckProtocol};

/// Bytes of a body that a check reads: enough for any page, and an end to endless streams.
const CHECK_BODY_BYTES: u64 = 1024 * 1024;

/// A kubelet rotates a log at this size (`containerLogMaxSize`), and what is rotated away is lost to whoever reads.
const LOG_BYTES: u64 = 10 * 1024 * 1024;
/// The longest record of an attempt. Most take a third of it.
const RECORD_BYTES: u64 = 2_000;
/// What a certificate and a TLS handshake add to it.
const TLS_BYTES: u64 = 1_300;
/// What a name adds to it: its addresses, and what was asked for.
const NAME_BYTES: u64 = 3_500;

/// Places of one plan that stand by: a fraction of what a pod can be handed.
const MAX_STANDBYS: u64 = 1_024;

/// What holds for every target of one command.
#[derive(Debug, Clone)]
pub(crate) struct AttemptOptions {
    /// Protocol to speak whatever the target says.
    pub protocol: Option<Protocol>,
    /// Limit for name resolution and connection together.
    pub connect_timeout: Duration,
    /// Limit for one attempt.
    pub timeout: Duration,
    /// Attempts for each target.
    pub attempts: u32,
    /// What is expected of each target, as far as what it speaks can show it.
    pub expect: Vec<Expectation>,
    /// Whether every address of a name is tried.
    pub all_addresses: bool,
    /// Which addresses count, and whom to trust there.
    pub addressing: Addressing,
}

impl From<CheckProtocol> for Protocol {
    fn from(protocol: CheckProtocol) -> Self {
        match protocol {
            CheckProtocol::Tcp => Self::Tcp,
            CheckProtocol::Http => Self::Http,
            CheckProtocol::Https => Self::Https,
            CheckProtocol::Grpc => Self::Grpc,
            CheckProtocol::Udp => Self::Udp,
            CheckProtocol::Icmp => Self::Icmp,
        }
    }
}

impl AttemptOptions {
    /// What the flags ask for.
    #[must_use]
    pub(crate) fn new(args: &AttemptArgs, attempts: u32, addressing: Addressing) -> Self {
        Self {
            protocol: args.protocol.map(Into::into),
            connect_timeout: args.connect_timeout.min(args.timeout),
            timeout: args.timeout,
            attempts,
            expect: vec![Expectation::Status { ranges: args.expect.clone() }],
            all_addresses: args.all_addresses,
            addressing,
        }
    }
}

/// A plan, and what becomes of each thing that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    /// The checks that are to be tried.
    pub plan: Plan,
    /// Everything that is to be reported, in the order of the command line.
    pub subjects: Vec<Subject>,
}

/// One thing to report about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Subject {
    /// Whatever attempts at the check with this id show.
    Check(u32),
    /// What is known already.
    Settled {
        /// What to call it.
        label: String,
        /// What was expected of it.
        expect: Vec<Expectation>,
        /// What the cluster says.
        observation: Observation,
        /// Why it says so.
        reason: String,
    },
}

/// The plan for what was `found`: checks are numbered in its order.
#[must_use]
pub(crate) fn plan(found: &[Resolved<'_>], options: &AttemptOptions) -> Planned {
    let mut checks: Vec<Check> = Vec::new();
    let mut subject = |found: &Resolved<'_>| match &found.what {
        Resolution::Settled(observation, reason) => Subject::Settled {
            label: found.label.clone(),
            expect: options.expectations(None),
            observation: *observation,
            reason: reason.clone(),
        },
        Resolution::Try(host, port) => {
            let ask = options.ask(found.target, host, port.as_ref());
            let id = checks.last().map_or(0, |last| last.id + 1);
            checks.push(options.addressing.place(Check {
                every_address: (options.all_addresses || found.every_address) && is_name(host),
                expect: options.expectations(Some(ask.protocol())),
                limits: options.limits(),
                standby: found.standby.clone(),
                ..Check::new(id, &found.label, host, ask)
            }));
            Subject::Check(id)
        }
    };
    let subjects = found.iter().map(&mut subject).collect();
    let mut plan = Plan {
        attempts: options.attempts,
        roots: options.addressing.roots.clone(),
        max_attempt_records: Some(max_attempt_records(&checks)),
        ..Plan::once(checks)
    };
    let each = standbys_of_each(&plan);
    plan.checks.iter_mut().for_each(|check| check.standby.truncate(each));
    Planned { plan, subjects }
}

/// Attempts that are reported one by one: as many as fit into a log, however long their records are.
fn max_attempt_records(checks: &[Check]) -> u64 {
    let longest = checks.iter().map(record_bytes).max();
    LOG_BYTES / longest.unwrap_or(RECORD_BYTES)
}

fn is_name(host: &str) -> bool {
    host.parse::<IpAddr>().is_err()
}

fn record_bytes(check: &Check) -> u64 {
    let tls = if check.ask.protocol() == Protocol::Https { TLS_BYTES } else { 0 };
    let is_fixed = check.address.is_some() || !is_name(&check.host);
    RECORD_BYTES + tls + if is_fixed { 0 } else { NAME_BYTES }
}

/// How many places may stand by for each check: their records have to fit into the log beside those of the attempts.
fn standbys_of_each(plan: &Plan) -> usize {
    let records = plan.max_attempt_records.unwrap_or_default();
    // Attempts that are too many are summed up, and take little room.
    let room = records.checked_sub(plan.all_attempts()).unwrap_or(records);
    let all = usize::try_from(room.min(MAX_STANDBYS)).unwrap_or(usize::MAX);
    all / plan.checks.len().max(1)
}

impl AttemptOptions {
    /// What to ask of `target` at `port`: as the flag says, or its scheme, or its path, or the port's declaration.
    fn ask(&self, target: &Target, host: &str, port: Option<&Port>) -> Ask {
        let pathed = target.path.as_ref().map(|_| Protocol::Http);
        let asked = self.protocol.or(target.protocol).or(pathed);
        let request = || HttpRequest {
            path: target.path.clone().unwrap_or_else(|| "/".to_owned()),
            max_body_bytes: Some(CHECK_BODY_BYTES),
            ..HttpRequest::default()
        };
        let Some(port) = port else {
            return if asked == Some(Protocol::Dns) { Ask::Dns } else { Ask::Icmp };
        };
        match asked.unwrap_or_else(|| port.protocol()) {
            Protocol::Tcp => Ask::tcp(port.number),
            Protocol::Http => Ask::http(port.number, request()),
            Protocol::Https => {
                Ask::https(port.number, self.addressing.tls(target, host), request())
            }
            Protocol::Grpc => {
                let service = target.path.as_deref().unwrap_or_default().trim_start_matches('/');
                Ask::Grpc { port: port.number, service: service.to_owned() }
            }
            Protocol::Udp => Ask::Udp { port: port.number },
            Protocol::Dns => Ask::Dns,
            Protocol::Icmp => Ask::Icmp,
        }
    }

    /// What is expected of a target that speaks `protocol`, if any was to be spoken.
    fn expectations(&self, protocol: Option<Protocol>) -> Vec<Expectation> {
        let fits = |expectation: &&Expectation| match expectation {
            Expectation::Status { .. } | Expectation::Body { .. } => {
                protocol.is_some_and(Protocol::is_http)
            }
            Expectation::Reached | Expectation::Denied | Expectation::Latency { .. } => true,
        };
        self.expect.iter().filter(fits).cloned().collect()
    }

    fn limits(&self) -> Limits {
        Limits {
            connect_seconds: self.connect_timeout.as_secs_f64(),
            total_seconds: self.timeout.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{
        Asked, Attempt, Certificate, Details, Evidence, Facts, HttpDetails, HttpFault, IcmpError,
        NameAnswer, NameDetails, Numbered, Phases, Record, Spoken, Standby, Starvation, TcpInfo,
        Tls, TlsDetails, TlsFault,
    };

    use super::*;

    fn options(protocol: Option<Protocol>) -> AttemptOptions {
        AttemptOptions {
            protocol,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            attempts: 1,
            expect: vec![Expectation::Status { ranges: vec![(200, 399)] }],
            all_addresses: false,
            addressing: Addressing::default(),
        }
    }

    #[test]
    fn protocol_comes_from_flag_scheme_path_or_port() {
        use Protocol::{Http, Https, Tcp};
        let cases = [
            ("web:80", 80, None, Http, Some("/")),
            ("web:9000", 9000, None, Tcp, None),
            ("web:9000/x?y", 9000, None, Http, Some("/x?y")),
            ("web:80/x", 80, Some(Tcp), Tcp, None),
            ("web:9000", 9000, Some(Https), Https, Some("/")),
            ("tcp://10.0.0.7:80", 80, None, Tcp, None),
            ("https://10.0.0.7", 443, None, Https, Some("/")),
            ("https://10.0.0.7/x", 443, None, Https, Some("/x")),
        ];
        for (text, port, flag, protocol, path) in cases {
            let target: Target = text.parse().expect(text);
            let what = Resolution::Try("10.0.0.7".to_owned(), Some(Port::plain(port)));
            let found = Resolved::new(text.to_owned(), &target, what);
            let planned = plan(&[found], &options(flag));
            let check = &planned.plan.checks[0];
            let got = check.ask.http_request().map(|request| request.path.as_str());
            assert_eq!((check.ask.protocol(), got), (protocol, path), "{text}");
            let status = Expectation::Status { ranges: vec![(200, 399)] };
            assert_eq!(check.expect.contains(&status), path.is_some(), "{text}");
        }
    }

    #[test]
    fn every_check_has_its_id_and_what_is_settled_has_none() {
        let target: Target = "web:80".parse().expect("a target");
        let found = |what| Resolved::new("web:80".to_owned(), &target, what);
        let tried = || found(Resolution::Try("10.0.0.7".to_owned(), Some(Port::plain(80))));
        let settled = found(Resolution::Settled(Observation::Stopped, "it has ended".to_owned()));
        let planned = plan(&[tried(), settled, tried()], &options(None));
        let ids: Vec<u32> = planned.plan.checks.iter().map(|check| check.id).collect();
        assert_eq!(ids, [0, 1]);
        assert_eq!(planned.subjects[0], Subject::Check(0));
        let observed = Observation::Stopped;
        assert!(
            matches!(&planned.subjects[1], Subject::Settled { observation, .. } if *observation == observed),
            "{planned:?}"
        );
        assert_eq!(planned.subjects[2], Subject::Check(1));
    }

    #[test]
    fn of_many_targets_fewer_places_stand_by() {
        let target: Target = "svc/web:80".parse().expect("a target");
        let standby = |last: u8| Standby { address: [10, 0, 0, last].into(), port: 80 };
        let what = Resolution::Try("10.96.0.7".to_owned(), Some(Port::plain(80)));
        let found = Resolved {
            standby: (1..=8).map(standby).collect(),
            ..Resolved::new("svc/web".to_owned(), &target, what)
        };
        for (targets, each) in [(1, 8), (128, 8), (1_000, 1), (2_000, 0)] {
            let planned = plan(&vec![found.clone(); targets], &options(None));
            let fits = |check: &Check| check.standby.len() == each;
            assert!(planned.plan.checks.iter().all(fits), "{targets} targets");
        }
    }

    /// An attempt about which there is as much to say as there can be.
    fn longest_attempt(check: &Check) -> Attempt {
        let address = "fd00:1234:5678:9abc:def0:1234:5678:9abc".parse().ok();
        let phases = Phases {
            resolve_seconds: Some(0.012_345_678_9),
            connect_seconds: Some(0.012_345_678_9),
            tls_seconds: Some(0.012_345_678_9),
            processing_seconds: Some(0.012_345_678_9),
            transfer_seconds: Some(0.012_345_678_9),
        };
        let http = HttpDetails {
            status: 503,
            body_bytes: 1_048_576,
            server: Some("x".repeat(40)),
            location: Some("x".repeat(100)),
            ..HttpDetails::default()
        };
        let certificate = Certificate {
            subject: "x".repeat(120),
            issuer: "x".repeat(120),
            not_before_seconds: 1_800_000_000,
            not_after_seconds: 1_900_000_000,
            days_left: -20_000,
            names: vec!["x".repeat(20); 20],
            more_names: 100,
            is_ca: true,
        };
        let tls = TlsDetails {
            server_name: "x".repeat(63),
            version: Some("1.3".to_owned()),
            certificate: Some(certificate),
            earliest_end_seconds: Some(1_900_000_000),
            fault: Some(TlsFault::UnknownIssuer),
            shows_root: true,
            wants_client_certificate: true,
            alert: Some(255),
        };
        let asked = Asked {
            name: "x".repeat(255),
            answer: NameAnswer::Failed("Bad option versions".to_owned()),
        };
        let name = NameDetails {
            addresses: address.into_iter().cycle().take(16).collect(),
            asked: vec![asked; 8],
        };
        let details = Details {
            name: check.host.parse::<IpAddr>().is_err().then_some(name),
            tls: (check.ask.protocol() == Protocol::Https).then_some(tls),
            http: Some(http), // longer than what gRPC has in its place
            http_fault: Some(HttpFault::ContentLength),
            grpc: None,
            echo_nanoseconds: Some(12_345_678),
            answered_by: None, // of UDP, which has nothing of HTTP's
            first_bytes: Some("x".repeat(128)),
            speaks: Some(Spoken::Http),
        };
        let evidence = Evidence {
            tcp_info: Some(TcpInfo { rtt_seconds: 0.012_345_678, ..TcpInfo::default() }),
            icmp: Some(IcmpError { kind: 255, code: 255, sender: address }),
            errno: Some("EHOSTUNREACH".to_owned()),
            starvation: Some(Starvation { wakeup_lag_seconds: 0.1, throttled_seconds: Some(0.1) }),
        };
        let facts = Facts {
            address,
            started_seconds: 1_800_000_000.123_456_7,
            total_seconds: 0.012_345_678_9,
            phases,
            details,
            evidence,
            ..Facts::new(Observation::Stalled, "x".repeat(400))
        };
        Attempt::new(check, facts)
    }

    #[test]
    fn as_many_records_as_are_written_fit_into_a_log() {
        let http = || Ask::http(65535, HttpRequest::default());
        let https = || Ask::https(65535, Tls::default(), HttpRequest::default());
        let cases =
            [("10.0.0.7", http()), ("10.0.0.7", https()), ("web", http()), ("web", https())];
        for (host, ask) in cases {
            let status = Expectation::Status { ranges: vec![(200, 299), (300, 399), (401, 401)] };
            // The longest name that a target can have, and the longest message.
            let check =
                Check { expect: vec![status], ..Check::new(9999, "x".repeat(253), host, ask) };
            let record = Record::Attempt(Box::new(longest_attempt(&check)));
            let line = serde_json::to_string(&Numbered { n: 9999, record }).expect("JSON");
            let (longest, bound) = (line.len() as u64 + 1, record_bytes(&check));
            assert!(longest <= bound, "{longest} bytes, not {bound}: {line}");
            let records = max_attempt_records(&[check]);
            assert!(records >= 1_500, "{records}");
        }
    }
}

//! Found addresses become the plan that a probe carries out.

use std::time::Duration;

use kubectl_pods_report::{
    Ask, Check, Expectation, HttpRequest, Limits, Observation, Plan, Protocol, Tls,
};

use super::{
    places::{Resolution, Resolved},
    ports::Port,
    target::Target,
};
use crate::cli::{AttemptArgs, CheckProtocol};

/// Bytes of a body that a check reads: enough for any page, and an end to endless streams.
const CHECK_BODY_BYTES: u64 = 1024 * 1024;

/// Attempts that are reported one by one. A kubelet rotates a log at 10 MiB (`containerLogMaxSize`), and what is rotated
/// away is lost to whoever reads; the record of one attempt takes about 0.6 KiB, and 1.7 at most.
const MAX_ATTEMPT_RECORDS: u64 = 6_000;

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
    /// Accepted HTTP statuses, as inclusive ranges.
    pub statuses: Vec<(u16, u16)>,
}

impl AttemptOptions {
    /// What the flags ask for.
    #[must_use]
    pub(crate) fn new(args: &AttemptArgs, attempts: u32) -> Self {
        Self {
            protocol: args.protocol.map(|protocol| match protocol {
                CheckProtocol::Tcp => Protocol::Tcp,
                CheckProtocol::Http => Protocol::Http,
                CheckProtocol::Https => Protocol::Https,
            }),
            connect_timeout: args.connect_timeout.min(args.timeout),
            timeout: args.timeout,
            attempts,
            statuses: args.expect.clone(),
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
            let ask = options.ask(found.target, port);
            let id = checks.last().map_or(0, |last| last.id + 1);
            checks.push(Check {
                expect: options.expectations(Some(ask.protocol())),
                limits: options.limits(),
                ..Check::new(id, &found.label, host, ask)
            });
            Subject::Check(id)
        }
    };
    let subjects = found.iter().map(&mut subject).collect();
    let plan = Plan {
        attempts: options.attempts,
        max_attempt_records: Some(MAX_ATTEMPT_RECORDS),
        ..Plan::once(checks)
    };
    Planned { plan, subjects }
}

impl AttemptOptions {
    /// What to ask of `target` at `port`: as the flag says, or its scheme, or its path, or the port's declaration.
    fn ask(&self, target: &Target, port: &Port) -> Ask {
        let pathed = target.path.as_ref().map(|_| Protocol::Http);
        let asked = self.protocol.or(target.protocol).or(pathed);
        let request = || HttpRequest {
            path: target.path.clone().unwrap_or_else(|| "/".to_owned()),
            max_body_bytes: Some(CHECK_BODY_BYTES),
            ..HttpRequest::default()
        };
        match asked.unwrap_or_else(|| port.protocol()) {
            Protocol::Tcp => Ask::tcp(port.number),
            Protocol::Http => Ask::http(port.number, request()),
            Protocol::Https => Ask::https(port.number, Tls::default(), request()),
        }
    }

    /// What is expected of a target that speaks `protocol`, if any was to be spoken.
    fn expectations(&self, protocol: Option<Protocol>) -> Vec<Expectation> {
        match protocol {
            Some(Protocol::Http | Protocol::Https) => {
                vec![Expectation::Status { ranges: self.statuses.clone() }]
            }
            Some(Protocol::Tcp) | None => Vec::new(),
        }
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
        Attempt, Details, Evidence, Facts, HttpDetails, IcmpError, Numbered, Phases, Record,
        Starvation, TcpInfo,
    };

    use super::*;

    fn options(protocol: Option<Protocol>) -> AttemptOptions {
        AttemptOptions {
            protocol,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            attempts: 1,
            statuses: vec![(200, 399)],
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
            let found = Resolved {
                label: text.to_owned(),
                target: &target,
                what: Resolution::Try("10.0.0.7".to_owned(), Port::plain(port)),
            };
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
        let found = |what| Resolved { label: "web:80".to_owned(), target: &target, what };
        let tried = || found(Resolution::Try("10.0.0.7".to_owned(), Port::plain(80)));
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
    fn as_many_records_as_are_written_fit_into_a_log() {
        const LOG_BYTES: u64 = 10 * 1024 * 1024;
        let address = "fd00:1234:5678:9abc:def0:1234:5678:9abc".parse().ok();
        let ask = Ask::https(65535, Tls::default(), HttpRequest::default());
        let status = Expectation::Status { ranges: vec![(200, 299), (300, 399), (401, 401)] };
        // The longest name that a target can have, and the longest message.
        let check = Check { expect: vec![status], ..Check::new(9999, "x".repeat(253), "web", ask) };
        let phases = Phases {
            resolve_seconds: Some(0.012_345_678_9),
            connect_seconds: Some(0.012_345_678_9),
            tls_seconds: Some(0.012_345_678_9),
            processing_seconds: Some(0.012_345_678_9),
            transfer_seconds: Some(0.012_345_678_9),
        };
        let details = HttpDetails { status: 503, body_bytes: 1_048_576, ..HttpDetails::default() };
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
            details: Some(Details::Http(details)),
            evidence,
            ..Facts::new(Observation::Stalled, "x".repeat(400))
        };
        let record = Record::Attempt(Box::new(Attempt::new(&check, facts)));
        let line = serde_json::to_string(&Numbered { n: 9999, record }).expect("JSON");
        let longest = line.len() as u64 + 1;
        assert!(longest * MAX_ATTEMPT_RECORDS < LOG_BYTES, "{longest} bytes: {line}");
    }
}

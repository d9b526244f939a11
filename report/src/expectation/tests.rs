//! What may be concluded from what was seen: a table for each expectation.

use std::net::IpAddr;

use super::*;
use crate::{Details, Evidence, IcmpError, Phases, Starvation};

fn seen(observation: Observation) -> Facts {
    Facts::new(observation, observation.as_str())
}

fn rejected(address: &str, kind: u8, code: u8) -> Facts {
    let icmp = Some(IcmpError { kind, code, sender: None });
    let evidence = Evidence { icmp, ..Evidence::default() };
    let address: IpAddr = address.parse().expect("an address");
    Facts { address: Some(address), evidence, ..seen(Observation::Rejected) }
}

fn answered(http: HttpDetails) -> Facts {
    let details = Details { http: Some(http), ..Details::default() };
    Facts { details, ..seen(Observation::Open) }
}

fn took(total_seconds: f64, lag: f64, throttled: Option<f64>) -> Facts {
    let starvation = Some(Starvation { wakeup_lag_seconds: lag, throttled_seconds: throttled });
    let evidence = Evidence { starvation, ..Evidence::default() };
    Facts { total_seconds, evidence, ..seen(Observation::Open) }
}

#[test]
fn reached_means_open_and_nothing_is_known_without_a_probe() {
    for observation in Observation::ALL {
        let expected = match observation {
            Observation::Open => Judgement::Held,
            Observation::Silent | Observation::Starved | Observation::NotRun => Judgement::Unknown,
            _ => Judgement::Failed,
        };
        for expect in [&[][..], &[Expectation::Reached]] {
            let judged = judge(expect, &seen(observation));
            assert_eq!(judged.judgement, expected, "{observation}");
            assert_eq!(judged.verdict, Verdict::Seen(observation));
            assert_eq!(judged.message, observation.as_str());
            assert_eq!(judged.unmet.is_none(), expected == Judgement::Held, "{observation}");
        }
    }
}

#[test]
fn a_denial_is_judged_as_far_as_one_end_can_tell() {
    use Judgement::{Failed, Held, Unknown};
    let cases = vec![
        (seen(Observation::Dropped), Held),
        (rejected("10.0.0.7", 3, 3), Held),
        (rejected("10.0.0.7", 3, 9), Held),
        (rejected("10.0.0.7", 3, 10), Held),
        (rejected("10.0.0.7", 3, 13), Held),
        (rejected("fd00::7", 1, 1), Held),
        (rejected("fd00::7", 1, 4), Held),
        (rejected("fd00::7", 1, 5), Held),
        (rejected("10.0.0.7", 3, 1), Unknown),
        (rejected("10.0.0.7", 11, 0), Unknown),
        (rejected("fd00::7", 1, 0), Unknown),
        (rejected("fd00::7", 3, 0), Unknown),
        (seen(Observation::Rejected), Unknown),
        (seen(Observation::Refused), Unknown),
        (seen(Observation::NoRoute), Unknown),
        (seen(Observation::DnsNxdomain), Unknown),
        (seen(Observation::DnsTimeout), Unknown),
        (seen(Observation::EmptyReply), Unknown),
        (seen(Observation::Silent), Unknown),
        (seen(Observation::WrongPeer), Unknown),
        (seen(Observation::Stopped), Unknown),
        (seen(Observation::Absent), Unknown),
        (seen(Observation::Starved), Unknown),
        (seen(Observation::NotRun), Unknown),
        (seen(Observation::Open), Failed),
        (seen(Observation::Stalled), Failed),
        (seen(Observation::TlsCertificate), Failed),
        (seen(Observation::NotHttp), Failed),
        (seen(Observation::NotServing), Failed),
        (seen(Observation::CutShort), Failed),
    ];
    for (facts, judgement) in cases {
        let judged = judge(&[Expectation::Denied], &facts);
        let what = format!("{} {:?}", facts.observation, facts.evidence.icmp);
        assert_eq!(judged.judgement, judgement, "{what}");
        assert_eq!(judged.verdict, Verdict::Seen(facts.observation), "{what}");
    }
}

#[test]
fn statuses_and_texts_are_held_against_the_answer() {
    use Judgement::{Failed, Held, Unknown};
    let http = |status| HttpDetails { status, body_bytes: 9, ..HttpDetails::default() };
    let found = HttpDetails { found: vec!["works".into()], ..http(200) };
    let truncated = HttpDetails { truncated: true, ..http(200) };
    let status = |ranges: &[(u16, u16)]| Expectation::Status { ranges: ranges.to_vec() };
    let body = || Expectation::Body { contains: "works".into() };
    let cases = [
        (status(&[(200, 399)]), http(200), Held, "open", "open"),
        (status(&[(200, 399)]), http(399), Held, "open", "open"),
        (status(&[(200, 399)]), http(503), Failed, "http-status", "HTTP status 503 is not"),
        (status(&[(204, 204), (500, 599)]), http(503), Held, "open", "open"),
        (body(), found, Held, "open", "open"),
        (body(), http(200), Failed, "body-mismatch", "not in the 9 bytes of the body"),
        (body(), truncated, Unknown, "body-mismatch", "and no more was read"),
    ];
    for (expectation, http, judgement, verdict, says) in cases {
        let judged = judge(std::slice::from_ref(&expectation), &answered(http));
        let got = (judged.judgement, judged.verdict.as_str());
        assert_eq!(got, (judgement, verdict), "{expectation:?}: {judged:?}");
        assert!(judged.message.contains(says), "{expectation:?}: {judged:?}");
        let unmet = (judgement != Held).then_some(expectation);
        assert_eq!(judged.unmet, unmet);
    }
    let stalled = judge(&[status(&[(200, 399)]), body()], &seen(Observation::Stalled));
    assert_eq!((stalled.judgement, stalled.verdict.as_str()), (Failed, "stalled"));
}

#[test]
fn slow_is_only_what_the_probe_did_not_slow_down_itself() {
    use Judgement::{Failed, Held, Unknown};
    let cases = [
        ("quick", took(0.4, 0.0, None), Held, "open"),
        ("exactly", took(0.5, 0.0, None), Held, "open"),
        ("held up and quick nevertheless", took(0.4, 0.3, None), Held, "open"),
        ("slow", took(0.6, 0.01, None), Failed, "slow"),
        ("held up for the difference", took(0.6, 0.2, None), Unknown, "starved"),
        ("throttled for the difference", took(0.6, 0.01, Some(0.2)), Unknown, "starved"),
        ("too slow even without being held up", took(0.9, 0.2, Some(0.1)), Failed, "slow"),
    ];
    for (name, facts, judgement, verdict) in cases {
        let limit = Expectation::Latency { of: Phase::Total, at_most_seconds: 0.5 };
        let judged = judge(&[limit], &facts);
        let got = (judged.judgement, judged.verdict.as_str());
        assert_eq!(got, (judgement, verdict), "{name}: {judged:?}");
    }
    let phases = Phases { connect_seconds: Some(0.3), ..Phases::default() };
    let facts = Facts { phases, total_seconds: 9.0, ..seen(Observation::Open) };
    for (of, judgement) in [(Phase::Connect, Failed), (Phase::Resolve, Held)] {
        let judged = judge(&[Expectation::Latency { of, at_most_seconds: 0.25 }], &facts);
        assert_eq!(judged.judgement, judgement, "{of:?}: {judged:?}");
    }
}

#[test]
fn what_certainly_fails_goes_before_what_is_unknown() {
    let http = HttpDetails { status: 503, truncated: true, ..HttpDetails::default() };
    let status = Expectation::Status { ranges: vec![(200, 399)] };
    let expect = [Expectation::Body { contains: "works".into() }, status.clone()];
    let judged = judge(&expect, &answered(http));
    assert_eq!((judged.judgement, judged.verdict), (Judgement::Failed, Verdict::HttpStatus));
    assert_eq!(judged.unmet, Some(status));
}

#[test]
fn an_expectation_is_tagged() {
    let cases = [
        (Expectation::Denied, r#"{"expect":"denied"}"#),
        (
            Expectation::Status { ranges: vec![(200, 399)] },
            r#"{"expect":"status","ranges":[[200,399]]}"#,
        ),
        (
            Expectation::Latency { of: Phase::Tls, at_most_seconds: 0.5 },
            r#"{"expect":"latency","of":"tls","at_most_seconds":0.5}"#,
        ),
    ];
    for (expectation, wire) in cases {
        assert_eq!(serde_json::to_string(&expectation).expect("JSON"), wire);
        assert_eq!(serde_json::from_str::<Expectation>(wire).expect(wire), expectation);
    }
}

//! Plans to give to a probe, and what it makes of them.

use std::net::SocketAddr;

use kubectl_pods_report::{
    Ask, Attempt, Check, Expectation, HttpRequest, Limits, Numbered, Plan, Record, Summary, Tls,
};

/// A TCP check with limits that fit a test.
pub(crate) fn tcp(host: &str, port: u16) -> Check {
    let limits = Limits { connect_seconds: 2.5, total_seconds: 4.0 };
    Check { limits, ..Check::new(0, format!("{host}:{port}"), host, Ask::tcp(port)) }
}

/// An HTTP check of `GET /`.
pub(crate) fn http(address: SocketAddr) -> Check {
    let ask = Ask::http(address.port(), HttpRequest::default());
    Check { ask, ..tcp(&address.ip().to_string(), address.port()) }
}

/// The same over TLS.
pub(crate) fn https(address: SocketAddr, insecure: bool) -> Check {
    let ask =
        Ask::https(address.port(), Tls { insecure, ..Tls::default() }, HttpRequest::default());
    Check { ask, ..http(address) }
}

/// The same with something expected of it.
pub(crate) fn expecting(check: Check, expectation: Expectation) -> Check {
    Check { expect: vec![expectation], ..check }
}

/// Half a second is enough for a server that will not answer.
pub(crate) fn quick(check: Check) -> Check {
    within(check, 0.5)
}

/// Limits the whole attempt to so many seconds.
pub(crate) fn within(check: Check, total_seconds: f64) -> Check {
    Check { limits: Limits { total_seconds, ..check.limits }, ..check }
}

/// Changes the request of `check` in passing.
pub(crate) fn asking(mut check: Check, change: impl FnOnce(&mut HttpRequest)) -> Check {
    match &mut check.ask {
        Ask::Http { request, .. } => change(request),
        _ => panic!("no request to change: {check:#?}"),
    }
    check
}

/// A plan of these checks, numbered in their order.
pub(crate) fn plan(checks: Vec<Check>) -> Plan {
    Plan::once((0..).zip(checks).map(|(id, check)| Check { id, ..check }).collect())
}

/// A whole stream of records.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) records: Vec<Record>,
    /// In the order of the plan's checks, then in the order in which they ended.
    pub(crate) attempts: Vec<Attempt>,
    /// In the order of the plan's checks.
    pub(crate) summaries: Vec<Summary>,
    pub(crate) truncated: bool,
}

/// Carries out `plan` in this process.
pub(crate) async fn run(plan: &Plan) -> Outcome {
    let mut lines = Vec::new();
    let emit = |line: Numbered| {
        lines.push(line);
        Ok(())
    };
    probe::run(plan, emit).await.expect("the plan is carried out");
    outcome(lines)
}

/// Carries out one check in this process.
pub(crate) async fn attempt(check: Check) -> Attempt {
    run(&plan(vec![check])).await.attempts.remove(0)
}

/// Reads the log of a probe.
pub(crate) fn read_log(text: &str) -> Outcome {
    outcome(text.lines().map(|line| serde_json::from_str(line).expect(line)).collect())
}

/// Demands that the stream is whole.
fn outcome(lines: Vec<Numbered>) -> Outcome {
    let numbers: Vec<u64> = lines.iter().map(|line| line.n).collect();
    assert_eq!(numbers, (0..lines.len() as u64).collect::<Vec<_>>(), "numbered without gaps");
    let records: Vec<Record> = lines.into_iter().map(|line| line.record).collect();
    let (
        Some(Record::Start { attempts: announced, summaries: announced_summaries, .. }),
        Some(Record::End { truncated }),
    ) = (records.first(), records.last())
    else {
        panic!("no start or no end: {records:#?}");
    };
    let (announced, announced_summaries, truncated) =
        (*announced, *announced_summaries, *truncated);
    let mut attempts: Vec<Attempt> = records.iter().filter_map(attempt_of).cloned().collect();
    attempts.sort_by_key(|attempt| attempt.check);
    assert_eq!(attempts.len() as u64, announced, "as many attempts as announced");
    let mut summaries: Vec<Summary> = records.iter().filter_map(summary_of).cloned().collect();
    summaries.sort_by_key(|summary| summary.check);
    assert_eq!(summaries.len() as u64, announced_summaries, "as many summaries as announced");
    Outcome { records, attempts, summaries, truncated }
}

fn summary_of(record: &Record) -> Option<&Summary> {
    match record {
        Record::Summary(summary) => Some(summary),
        _ => None,
    }
}

fn attempt_of(record: &Record) -> Option<&Attempt> {
    match record {
        Record::Attempt(attempt) => Some(attempt),
        _ => None,
    }
}

//! Plans to give to a probe, and what it makes of them.

use std::net::SocketAddr;

use kubectl_pods_report::{
    Attempt, Check, Expect, HttpRequest, Numbered, Plan, Protocol, Record, WIRE_VERSION,
};

/// A TCP check with time-outs that fit a test.
pub(crate) fn tcp(host: &str, port: u16) -> Check {
    Check {
        target: format!("{host}:{port}"),
        host: host.into(),
        port,
        protocol: Protocol::Tcp,
        connect_timeout_seconds: 2.5,
        timeout_seconds: 4.0,
        http: None,
        expect: Expect::default(),
    }
}

/// An HTTP check of `GET /`.
pub(crate) fn http(address: SocketAddr) -> Check {
    let check = tcp(&address.ip().to_string(), address.port());
    Check { protocol: Protocol::Http, http: Some(HttpRequest::default()), ..check }
}

/// Half a second is enough for a server that will not answer.
pub(crate) fn quick(check: Check) -> Check {
    with(check, |check| check.timeout_seconds = 0.5)
}

/// Changes `check` in passing.
pub(crate) fn with(mut check: Check, change: impl FnOnce(&mut Check)) -> Check {
    change(&mut check);
    check
}

/// Changes the request of `check` in passing.
pub(crate) fn asking(mut check: Check, change: impl FnOnce(&mut HttpRequest)) -> Check {
    change(check.http.get_or_insert_default());
    check
}

pub(crate) fn plan(checks: Vec<Check>) -> Plan {
    Plan { version: WIRE_VERSION, checks, attempts: 1, every_seconds: None }
}

/// A whole stream of records.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) records: Vec<Record>,
    /// In the order of the plan's checks, then in the order in which they ended.
    pub(crate) attempts: Vec<Attempt>,
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
    let (Some(Record::Start { attempts: announced, .. }), Some(Record::End { truncated })) =
        (records.first(), records.last())
    else {
        panic!("no start or no end: {records:#?}");
    };
    let (announced, truncated) = (*announced, *truncated);
    let mut attempts: Vec<Attempt> = records.iter().filter_map(attempt_of).cloned().collect();
    attempts.sort_by_key(|attempt| attempt.check);
    assert_eq!(attempts.len() as u64, announced, "as many attempts as announced");
    Outcome { records, attempts, truncated }
}

fn attempt_of(record: &Record) -> Option<&Attempt> {
    match record {
        Record::Attempt(attempt) => Some(attempt),
        _ => None,
    }
}

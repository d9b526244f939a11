//! A run as a whole: side by side, broken off, held up.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pods_report::{Check, Counts, Observation, Plan, Record, Standby};

use crate::plans::{attempt, http, plan, run, tcp, within};
use crate::servers::{closed_port, page, read_request, saying, server, silent};

#[tokio::test]
async fn checks_run_side_by_side_and_attempts_one_after_the_other() {
    let address = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(200));
        let _ = stream.write_all(&page("200 OK", ""));
    });
    let mut plan = plan(vec![http(address); 40]);
    plan.attempts = 3;
    let begun = Instant::now();
    let outcome = run(&plan).await;
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(outcome.attempts.len(), 120);
    assert!(
        outcome.attempts.iter().all(|attempt| attempt.observation == Observation::Open),
        "{outcome:#?}"
    );
    assert!((0.6..4.0).contains(&took), "120 waits of 0.2 s, 40 at a time, took {took} s");
    for attempts in outcome.attempts.chunks(3) {
        let gaps =
            attempts.windows(2).map(|pair| pair[1].started_seconds - pair[0].started_seconds);
        assert!(gaps.into_iter().all(|gap| gap >= 0.2), "{attempts:#?}");
    }
}

#[tokio::test]
async fn more_attempts_than_fit_are_summed_up() {
    let open = http(saying(page("200 OK", "")));
    let checks = vec![open, tcp("127.0.0.1", closed_port().port())];
    let plan = |max| Plan { attempts: 50, max_attempt_records: Some(max), ..plan(checks.clone()) };
    let outcome = run(&plan(100)).await;
    assert_eq!((outcome.attempts.len(), outcome.summaries.len()), (100, 0), "as many as fit");

    let outcome = run(&plan(99)).await;
    assert_eq!((outcome.attempts.len(), outcome.summaries.len()), (0, 2));
    let [open, refused] = outcome.summaries.as_slice() else { panic!("{outcome:#?}") };
    assert_eq!(open.counts(), Counts { held: 50, ..Counts::default() }, "{open:#?}");
    let total = open.latency.total.expect("latencies");
    let evidence = open.evidence();
    let slowest = evidence.last().expect("one of them");
    assert!(total.min_seconds <= total.median_seconds, "{open:#?}");
    assert!(total.max_seconds.to_bits() == slowest.total_seconds.to_bits(), "{open:#?}");
    assert_eq!(refused.counts(), Counts { failed: 50, ..Counts::default() }, "{refused:#?}");
    assert_eq!(refused.latency.total, None, "a failure is never a latency");
    let evidence = refused.evidence();
    assert_eq!(evidence.len(), 1, "{evidence:#?}");
    assert_eq!(evidence[0].evidence.errno.as_deref(), Some("ECONNREFUSED"));
}

/// What stands by for `check` and was asked, as `(its check, its port, what was seen)`.
async fn asked_beside(check: Check, standby: &[u16]) -> Vec<(u32, Option<u16>, Observation)> {
    let address = "127.0.0.1".parse().expect("an address");
    let standby = standby.iter().map(|port| Standby { address, port: *port }).collect();
    let outcome = run(&plan(vec![tcp("127.0.0.1", 1), Check { standby, ..check }])).await;
    assert_eq!(outcome.attempts.len(), 2, "standby is none of them: {outcome:#?}");
    let asked = outcome.records.into_iter().filter_map(|record| match record {
        Record::Standby(attempt) => Some((attempt.check, attempt.port, attempt.observation)),
        _ => None,
    });
    let mut asked: Vec<_> = asked.collect();
    asked.sort_by_key(|(_, port, _)| *port);
    asked
}

#[tokio::test]
async fn what_stands_by_is_asked_only_when_there_is_trouble() {
    use Observation::{Open, Refused};
    let (up, down) = (saying(page("200 OK", "")), closed_port().port());
    let mut standby = [up.port(), down];
    standby.sort_unstable();
    let seen = standby.map(|port| (1, Some(port), if port == down { Refused } else { Open }));
    assert_eq!(asked_beside(http(up), &standby).await, [], "all is well");
    let refused = tcp("127.0.0.1", closed_port().port());
    assert_eq!(asked_beside(refused, &standby).await, seen, "refused");
    let begun = Instant::now();
    assert_eq!(asked_beside(within(http(silent()), 1.0), &standby).await, seen, "silent");
    assert!(begun.elapsed() < Duration::from_secs(4), "beside it, not after it");
}

#[tokio::test]
async fn a_reader_that_is_gone_ends_the_run() {
    let plan = plan(vec![http(silent()), http(saying(page("200 OK", "")))]);
    let begun = Instant::now();
    let result = probe::run(&plan, |line| match line.record {
        Record::Attempt(_) => Err(io::ErrorKind::BrokenPipe.into()),
        _ => Ok(()),
    });
    assert_eq!(
        result.await.expect_err("the error of the reader").kind(),
        io::ErrorKind::BrokenPipe
    );
    assert!(begun.elapsed() < Duration::from_secs(2), "did not wait for the other check");
}

#[tokio::test]
async fn a_probe_that_was_held_up_says_so_instead_of_accusing() {
    let held_up = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        thread::sleep(Duration::from_millis(900));
    };
    let check = within(http(silent()), 1.0);
    let (seen, ()) = tokio::join!(attempt(check), held_up);
    assert_eq!(seen.observation, Observation::Starved, "{seen:#?}");
    assert!(seen.message.contains("the probe itself was paused"), "{}", seen.message);
}

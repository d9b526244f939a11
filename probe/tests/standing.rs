//! The standing probe: schedule, results, metrics, a new configuration, the end.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pods_report::{Check, Observation, Plan, Results, Standby, Verdict};
use tempfile::TempDir;

use crate::daemon::{
    EVERY, OWN, Standing, json, labels, listener, named, observation, of, request, write_config,
};
use crate::plans::{asking, http, https, plan};
use crate::servers::{closed_port, read_request, server_on};
use crate::tls_servers::{Authority, https_server, self_signed};

#[test]
fn a_target_that_stops_turns_within_two_intervals_and_is_no_latency() {
    let (_stays, one) = listener();
    let (stops, two) = listener();
    let probe = Standing::start(vec![named("stays", one), named("stops", two)]);
    let open = |results: &Results, target| observation(results, target) == Some(Observation::Open);
    probe.wait_until("both open", |results| open(results, "stays") && open(results, "stops"));
    let up = || probe.metric("kubectl_pods_probe_success", &labels("stops"));
    assert_eq!(up(), Some(1.0));

    drop(stops);
    let took = probe.wait_until("turned", |results| {
        observation(results, "stops") == Some(Observation::Refused)
    });
    assert!(took < EVERY * 2 + Duration::from_secs(1), "turned after {took:?}");
    assert_eq!(up(), Some(0.0));
    let refused = || {
        let [protocol, node, target] = labels("stops");
        let labels = [protocol, node, target, ("judgement", "failed"), ("verdict", "refused")];
        probe.metric("kubectl_pods_probe_attempts_total", &labels)
    };
    let samples = || {
        let counted = |name| {
            probe.metric(&format!("kubectl_pods_probe_{name}_seconds_count"), &labels("stops"))
        };
        (counted("connect"), counted("duration"))
    };
    let (before, samples_before) = (refused(), samples());
    assert!(before >= Some(1.0), "failures are counted by verdict: {before:?}");
    thread::sleep(EVERY * 4);
    assert!(refused() >= before.map(|count| count + 3.0), "{before:?}, later {:?}", refused());
    assert_eq!(samples(), samples_before, "a failure is no latency");

    let results = probe.results();
    assert_eq!(
        observation(&results, "stays"),
        Some(Observation::Open),
        "the other target is not touched"
    );
    assert_eq!(
        (results.node.as_str(), results.checks.len(), results.config_error.as_deref()),
        ("n1", 2, None)
    );
    let rtt = probe.metric("kubectl_pods_probe_rtt_seconds", &labels("stays"));
    assert!(rtt.is_some_and(|rtt| rtt > 0.0 && rtt < 0.1), "{rtt:?}");
    assert_eq!(probe.metric("kubectl_pods_probe_interval_seconds", &OWN), Some(0.25));
    assert!(probe.metric("process_resident_memory_bytes", &[]).is_some_and(|bytes| bytes > 1e6));
    assert!(probe.metric("process_cpu_seconds_total", &[]).is_some());
}

#[test]
fn endpoints_are_asked_while_the_check_in_front_of_them_fails() {
    let (stands_by, direct) = listener();
    let (front, check) = listener();
    let address = "127.0.0.1".parse().expect("an address");
    let standby = |check: &Check| Standby { address, port: check.ask.port().expect("a port") };
    let standby = vec![standby(&direct), Standby { address, port: closed_port().port() }];
    let probe = Standing::start(vec![Check { standby, ..named("svc/web", check) }]);
    probe.wait_until("open", |results| observation(results, "svc/web") == Some(Observation::Open));
    assert_eq!(of(&probe.results(), "svc/web").direct, [], "all is well");
    stands_by.set_nonblocking(true).expect("no wait");
    assert!(stands_by.accept().is_err(), "and nobody was asked");

    drop(front);
    probe.wait_until("asked", |results| of(results, "svc/web").direct.len() == 2);
    let results = probe.results();
    let seen: Vec<Observation> =
        of(&results, "svc/web").direct.iter().map(|attempt| attempt.observation).collect();
    assert_eq!(seen, [Observation::Open, Observation::Refused]);
    thread::sleep(EVERY * 4);
    stands_by.accept().expect("it was asked");
    assert!(stands_by.accept().is_err(), "once for many failures");
    let counted = of(&probe.results(), "svc/web").counts.total();
    assert!(counted < 40, "what stands by is counted nowhere: {counted}");
    let metrics = probe.get("/metrics").1;
    let targets = metrics.lines().filter(|line| line.starts_with("kubectl_pods_probe_success"));
    assert_eq!(targets.count(), 1, "{metrics}");
}

/// What `self_signed` certificates are called, and who signed them.
const SELF_SIGNED: &str = "CN=the server";

#[test]
fn the_end_of_a_certificate_is_a_metric_whether_it_is_accepted_or_not() {
    let until = rcgen::date_time_ymd(2099, 1, 2);
    let identity = self_signed(&["web.shop"], |it| it.not_after = until);
    let address = https_server(identity);
    let checks = vec![named("strict", https(address, false)), named("lax", https(address, true))];
    let probe = Standing::start(checks);
    for (target, seen) in [("strict", Observation::TlsCertificate), ("lax", Observation::Open)] {
        probe.wait_until(target, |results| observation(results, target) == Some(seen));
        let labels = labels(target).map(|(name, value)| match name {
            "protocol" => (name, "https"),
            _ => (name, value),
        });
        let end = "kubectl_pods_probe_ssl_earliest_cert_expiry_timestamp_seconds";
        assert_eq!(probe.metric(end, &labels), Some(4_070_995_200.0), "{target}");
        // It is signed by itself, whoever accepts that.
        let trusted = "kubectl_pods_probe_ssl_chain_trusted";
        assert_eq!(probe.metric(trusted, &labels), Some(0.0), "{target}");
        let whose = [&labels[..], &[("issuer", SELF_SIGNED), ("subject", SELF_SIGNED)]].concat();
        let info = "kubectl_pods_probe_ssl_certificate_info";
        assert_eq!(probe.metric(info, &whose), Some(1.0), "{target}");
    }
}

#[test]
fn new_roots_alone_are_a_new_configuration() {
    let authority = Authority::new("the authority");
    let address = https_server(authority.sign(&["127.0.0.1"], |_| ()));
    let probe = Standing::start(vec![named("web", https(address, false))]);
    let seen = |results: &Results| observation(results, "web");
    probe.wait_until("not trusted", |results| seen(results) == Some(Observation::TlsCertificate));
    let mut plan: Plan =
        serde_json::from_str(&json(vec![named("web", https(address, false))])).expect("a plan");
    plan.roots = Some(authority.pem());
    let plan = serde_json::to_string(&plan).expect("JSON");
    write_config(probe.folder.path(), "second", &plan);
    probe.wait_until("trusted", |results| seen(results) == Some(Observation::Open));
}

#[test]
fn a_silent_target_neither_delays_nor_thins_anything() {
    let silent = server_on("127.0.0.1", |mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_secs(20));
    });
    let (_quick, quick) = listener();
    let probe = Standing::start(vec![named("silent", http(silent)), named("quick", quick)]);
    let begun = Instant::now();
    probe.wait_until("stalled", |results| {
        observation(results, "silent") == Some(Observation::Stalled)
    });
    thread::sleep(Duration::from_secs(2));
    let results = probe.results();
    let count = |target| {
        let count: u64 = of(&results, target).counts.total();
        f64::from(u32::try_from(count).expect("a small number"))
    };
    // Attempts at the silent target take 2 s and finish as often as they begin: every quarter of a second.
    let (elapsed, silent, quick) = (begun.elapsed().as_secs_f64(), count("silent"), count("quick"));
    let expected = |seconds: f64| (seconds / EVERY.as_secs_f64()).floor();
    let (silent_expected, quick_expected) = (expected(elapsed - 2.0), expected(elapsed));
    assert!((silent - silent_expected).abs() <= 2.0, "{silent} of {silent_expected}");
    assert!((quick - quick_expected).abs() <= 2.0, "{quick} of {quick_expected}");
}

#[test]
fn a_new_configuration_is_followed_and_a_bad_one_is_not() {
    let (_stays, one) = listener();
    let (_goes, two) = listener();
    let (_comes, three) = listener();
    let stays = named("stays", one);
    let probe = Standing::start(vec![stays.clone(), named("goes", two)]);
    probe.wait_until("tried", |results| {
        observation(results, "stays").is_some() && observation(results, "goes").is_some()
    });
    let first = probe.results();

    write_config(probe.folder.path(), "bad", "{\"version\": 1");
    probe.wait_until("refused", |results| results.config_error.is_some());
    let good = || probe.metric("kubectl_pods_config_last_reload_successful", &OWN);
    assert_eq!(good(), Some(0.0));
    let results = probe.results();
    assert_eq!(
        (&results.config_sha256, results.checks.len()),
        (&first.config_sha256, 2),
        "the old one stays in force"
    );

    write_config(probe.folder.path(), "second", &json(vec![stays, named("comes", three)]));
    probe.wait_until("followed", |results| {
        results.checks.iter().any(|results| results.check.target == "comes")
    });
    probe.wait_until("tried", |results| observation(results, "comes") == Some(Observation::Open));
    assert_eq!(good(), Some(1.0));
    let results = probe.results();
    assert!(
        results.config_sha256 != first.config_sha256 && results.config_error.is_none(),
        "{results:#?}"
    );
    let attempts =
        |results: &Results| of(results, "stays").verdicts[&Verdict::Seen(Observation::Open)];
    assert!(attempts(&results) > attempts(&first), "what stays keeps its history");
    let metrics = probe.get("/metrics").1;
    assert!(metrics.contains("\"comes\"") && !metrics.contains("\"goes\""), "{metrics}");
}

#[test]
fn only_what_is_offered_and_no_secrets() {
    let check = asking(named("web", http(closed_port())), |http| {
        http.headers = vec![("Authorization".into(), "Bearer not-for-others".into())];
    });
    let probe = Standing::start(vec![check]);
    let cases = [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/results?all", 200),
        ("POST", "/results", 405),
        ("DELETE", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/probe?target=10.0.0.1", 404),
        ("POST", "/probe", 404),
    ];
    for (method, path, status) in cases {
        assert_eq!(
            request(probe.address, method, path).expect("an answer").0,
            status,
            "{method} {path}"
        );
    }
    let results = probe.get("/results").1;
    assert!(results.contains("Authorization") && !results.contains("not-for-others"), "{results}");
}

#[test]
fn sigterm_drains_before_it_closes() {
    let (_listener, check) = listener();
    let mut probe = Standing::start(vec![named("web", check)]);
    assert_eq!(probe.get("/readyz").0, 200);
    let begun = Instant::now();
    probe.terminate();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(probe.get("/readyz"), (503, "draining\n".into()), "not ready, but still answering");
    assert_eq!(probe.get("/metrics").0, 200, "a last scrape");
    let status = probe.wait();
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(request(probe.address, "GET", "/healthz").is_err(), "closed");
}

#[test]
fn a_bad_configuration_at_the_start_is_an_error() {
    let (_listener, check) = listener();
    let cases = [
        ("no interval", serde_json::to_string(&plan(vec![])).expect("JSON"), "every_seconds is 0"),
        (
            "twice",
            json(vec![named("web", check.clone()), named("web", check)]),
            "two tcp checks are called \"web\"",
        ),
        ("no JSON", "{".into(), "not valid JSON"),
    ];
    for (name, content, says) in cases {
        let folder = TempDir::new().expect("a folder");
        write_config(folder.path(), "first", &content);
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-pods-probe"));
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--node",
            "n1",
            "--pod",
            "p1",
            "--config",
        ]);
        let output = command.arg(folder.path().join("config.json")).output().expect("runs");
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {log}");
        assert!(log.contains(says), "{name}: {log}");
    }
}

//! `check` and `curl` with `--from-here`: the probe in this process, against servers of our own.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use harness::{Answer, Plugin, ScriptedApi, closed_pipe};
use serde_json::json;

/// What a server does with every connection.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers with these bytes and closes.
    Answer(&'static [u8]),
    /// Reads, and says nothing.
    Silence,
    /// Reads the request, then closes.
    Close,
}

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 10\r\n\r\nIt works!\n";

/// Starts a server on a port of its own. It ends with the test process.
fn server(manner: Manner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                match manner {
                    Manner::Answer(bytes) => drop(stream.write_all(bytes)),
                    Manner::Silence => thread::sleep(Duration::from_mins(1)),
                    Manner::Close => {}
                }
            });
        }
    });
    address
}

/// An address at which nothing listens.
fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}

fn check(targets: &[String]) -> harness::Command {
    Plugin::args(["check", "--from-here", "--timeout", "1s"]).args(targets.to_vec())
}

fn curl(words: &[&str]) -> harness::Command {
    Plugin::args(["curl", "--from-here"]).args(words.iter().copied())
}

#[test]
fn every_manner_has_its_verdict_and_exit_code() {
    let not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let http = |address: SocketAddr| format!("http://{address}/");
    let cases = [
        ("page", http(server(Manner::Answer(PAGE))), "open", 0),
        ("tcp", format!("tcp://{}", server(Manner::Silence)), "open", 0),
        ("closed port", http(closed()), "refused", 2),
        ("silence", http(server(Manner::Silence)), "stalled", 2),
        ("hangs up", http(server(Manner::Close)), "empty-reply", 2),
        ("status", http(server(Manner::Answer(not_found))), "http-status", 2),
        ("no HTTP", http(server(Manner::Answer(b"220 mail.example ESMTP\r\n"))), "not-http", 2),
    ];
    for (name, target, verdict, code) in cases {
        let run = check(std::slice::from_ref(&target)).args(["-o", "json"]).run().exits(code);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).expect(name);
        assert_eq!(report["targets"][0]["verdict"], verdict, "{name}\n{}", run.story());
        assert_eq!(report["targets"][0]["target"], target, "{name}");
        assert_eq!(report["sources"][0]["here"], true, "{name}");
        let latency = &report["targets"][0]["latency"]["total"];
        assert_eq!(latency.is_null(), verdict != "open", "{name}: a failure is no latency");
        assert_eq!(run.stderr, "", "{name}");
    }
}

#[test]
fn the_worst_target_decides_and_all_are_shown() {
    let (open, shut) = (server(Manner::Answer(PAGE)), closed());
    let run = check(&[format!("http://{open}/"), format!("tcp://{shut}")]).run().exits(2);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.story());
    assert!(lines[0].starts_with("TARGET "), "{}", run.story());
    for (line, words) in lines[1..].iter().zip([["open", "200"], ["refused", "<none>"]]) {
        for word in words {
            assert!(line.contains(word), "{line:?} lacks {word}");
        }
    }
}

#[test]
fn attempts_are_counted_and_spread() {
    let target = format!("http://{}/", server(Manner::Answer(PAGE)));
    let run = check(&[target]).args(["--attempts", "5", "-o", "json"]).run().success();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let target = &report["targets"][0];
    assert_eq!(target["held"], 5);
    assert_eq!(target["attempts"].as_array().map(Vec::len), Some(5));
    let spread = |field: &str| target["latency"]["total"][field].as_f64().expect("a number");
    assert!(spread("min_seconds") <= spread("median_seconds"));
    assert!(spread("median_seconds") <= spread("max_seconds"));
}

#[test]
fn more_attempts_than_a_log_can_carry_are_summed_up() {
    let targets: Vec<String> = (0..7)
        .map(|_| format!("tcp://{}", server(Manner::Silence)))
        .chain([format!("tcp://{}", closed())])
        .collect();
    // A SYN that finds the queue of a busy server full is sent again after a second: that is no failure here.
    let patient = ["--connect-timeout", "5s", "--timeout", "10s"];
    let run = check(&targets).args(patient).args(["--attempts", "1000", "-o", "json"]);
    let run = run.run().exits(2);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let (shut, open) =
        report["targets"].as_array().and_then(|all| all.split_last()).expect("targets");
    for target in open {
        assert_eq!(
            (&target["held"], &target["summed_up"]),
            (&json!(1000), &json!(true)),
            "{target}"
        );
        assert!(target["attempts"].as_array().is_some_and(|kept| kept.len() <= 2), "{target}");
        assert!(target["latency"]["total"]["median_seconds"].is_f64(), "{target}");
    }
    assert_eq!(shut["failed"], 1000, "{shut}");
    assert!(
        shut["message"].as_str().is_some_and(|text| text.starts_with("1000 of 1000 attempts: "))
    );
    assert_eq!(shut["attempts"].as_array().map(Vec::len), Some(1), "the first is the evidence");
}

#[test]
fn expected_statuses_are_the_users_choice() {
    let target = format!(
        "http://{}/",
        server(Manner::Answer(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"))
    );
    for (expect, code) in [("503", 0), ("5xx", 0), ("200,500-599", 0), ("2xx", 2)] {
        check(std::slice::from_ref(&target)).args(["--expect", expect]).run().exits(code);
    }
}

#[test]
fn curl_prints_the_body_and_nothing_else() {
    let address = server(Manner::Answer(PAGE));
    let run = curl(&[&address.to_string()]).run().success().prints("It works!\n");
    assert_eq!(run.stderr, "");
    let head = "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 10\r\n\r\n";
    curl(&[&address.to_string(), "-i"]).run().success().prints(&format!("{head}It works!\n"));
    curl(&[&address.to_string(), "--", "-s", "-i"])
        .run()
        .success()
        .prints(&format!("{head}It works!\n"));
}

#[test]
fn curl_sends_what_it_was_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let request = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut bytes = Vec::new();
        let mut piece = [0; 1024];
        while !bytes.ends_with(b"a=1&b=2") {
            let count = stream.read(&mut piece).expect("a request");
            assert!(count > 0, "the request ended early: {}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&piece[..count]);
        }
        stream.write_all(PAGE).expect("the answer is taken");
        String::from_utf8(bytes).expect("text")
    });
    let url = format!("http://{address}/form?x=y#part");
    curl(&[&url, "-X", "PUT", "-H", "X-Test: yes", "-d", "a=1", "--", "-d", "b=2"]).run().success();
    let request = request.join().expect("the server does not panic").to_ascii_lowercase();
    assert!(request.starts_with("put /form?x=y http/1.1\r\n"), "{request}");
    for header in ["x-test: yes\r\n", "content-type: application/x-www-form-urlencoded\r\n"] {
        assert!(request.contains(header), "{request}");
    }
}

#[test]
fn curl_has_the_exit_codes_of_curl() {
    let address = |manner| server(manner).to_string();
    let missing = Manner::Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
    let short = Manner::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    let cases: [(&str, String, &[&str], i32); 8] = [
        ("closed port", closed().to_string(), &[], 7),
        ("404", address(missing), &[], 0),
        ("404 with -f", address(missing), &["-f"], 22),
        ("silence", address(Manner::Silence), &["-m", "0.5"], 28),
        ("hangs up", address(Manner::Close), &[], 52),
        ("cut short", address(short), &[], 18),
        ("too large", address(Manner::Answer(PAGE)), &["--max-filesize", "4"], 63),
        ("no such name", "http://nowhere.invalid/".to_owned(), &["-m", "3"], 6),
    ];
    for (name, target, flags, code) in cases {
        let run = curl(&[&[target.as_str()], flags].concat()).run();
        assert_eq!(run.code, code, "{name}\n{}", run.story());
        let complains = run.stderr.starts_with(&format!("curl: ({code}) "));
        assert_eq!(complains, code != 0, "{name}\n{}", run.story());
    }
}

/// Words that clap takes and we refuse: one line.
const REFUSED: &[(&str, &[&str], &str)] = &[
    ("no port", &["check", "10.0.0.7", "--from-here"], "names no port"),
    ("bad port", &["check", "10.0.0.7:0", "--from-here"], "is no port"),
    ("bad scheme", &["check", "ftp://web/", "--from-here"], "cannot check ftp://"),
    ("kind", &["check", "node/node1", "--from-here"], "a node has no address"),
    ("bad header", &["curl", "10.0.0.7", "--from-here", "-H", "nonsense"], "has no colon"),
    ("tcp", &["curl", "tcp://10.0.0.7:80", "--from-here"], "curl speaks HTTP"),
    ("no file", &["curl", "10.0.0.7", "--from-here", "-d", "@/nowhere"], "cannot read the data"),
];

/// Command lines that cannot be read: one line, and where help is.
const UNREADABLE: &[(&str, &[&str], &str)] = &[
    ("bad status", &["check", "10.0.0.7:80", "--expect", "ok"], "is no HTTP status"),
    ("bad time", &["check", "10.0.0.7:80", "--timeout", "soon"], "a time is"),
    ("bad format", &["check", "10.0.0.7:80", "-o", "xml"], "must be table, wide or json"),
    ("no target to check", &["check"], "missing TARGET: pod name, "),
    ("no target to ask", &["curl"], "missing TARGET: pod name, "),
    ("no target to watch", &["monitor", "install"], "missing TARGET: pod name, "),
    ("no subverb", &["monitor"], "use kubectl pods monitor install, status or uninstall"),
    ("bad status format", &["monitor", "status", "-o", "yaml"], "must be table or json"),
    ("two places", &["curl", "x", "--from-here", "--from-node", "n"], "use one of them"),
    ("no flag of ours", &["curl", "x", "--", "-T", "f"], "unknown shorthand flag: 'T' in -T"),
    ("flag with a value", &["curl", "x", "--", "--proxy", "p"], "unknown flag: --proxy"),
];

#[test]
fn bad_words_are_one_line_and_exit_1() {
    let refused = REFUSED.iter().map(|case| (case, 1));
    for ((name, words, complaint), count) in refused.chain(UNREADABLE.iter().map(|case| (case, 2)))
    {
        let run = Plugin::args(words.iter().copied()).run().exits(1).complains(complaint);
        assert_eq!(run.stdout, "", "{name}");
        let lines: Vec<&str> = run.stderr.lines().collect();
        assert_eq!(lines.len(), count, "{name}\n{}", run.story());
        assert!(lines[0].starts_with("error: "), "{name}\n{}", run.story());
        assert!(lines[0].contains(complaint), "{name}\n{}", run.story());
        if let Some(help) = lines.get(1) {
            let verbs = words.iter().take_while(|word| {
                ["check", "curl", "monitor", "install", "status"].contains(word)
            });
            let path = std::iter::once("kubectl pods").chain(verbs.copied()).collect::<Vec<_>>();
            let path = path.join(" ");
            assert_eq!(*help, format!("See '{path} --help' for usage."), "{name}");
        }
    }
}

#[test]
fn help_that_cannot_be_written_is_an_error() {
    for words in [&["--help"][..], &["check", "--help"], &["--version"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
        let command = Plugin::args(words.iter().copied());
        let output = command.std().stdout(full).output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("error: cannot write to standard output: "), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn a_closed_pipe_is_no_news() {
    let open = format!("http://{}/", server(Manner::Answer(PAGE)));
    // Nothing listens there. How it ended is told all the same.
    for (target, code) in [(open.as_str(), 0), ("127.0.0.1:1", 2)] {
        let command = check(&[target.to_owned()]);
        let output = command.std().stdout(closed_pipe()).output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{target}");
        assert_eq!(output.status.code(), Some(code), "{target}");
    }
}

/// A whole workload of pods is asked for in kubectl's pages, so that no answer is too large for the server's time.
#[test]
fn pods_of_a_workload_come_in_pages() {
    let port = server(Manner::Answer(PAGE)).port();
    let page = |name: &str, next: &str| {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let pod = json!({"metadata": {"name": name}, "spec": {"containers": []},
            "status": {"phase": "Running", "podIP": "127.0.0.1", "conditions": ready}});
        Answer::json(json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": next}, "items": [pod]}).to_string())
    };
    let (first, last) = (page("web-1", "next"), page("web-2", ""));
    let api = ScriptedApi::choosing(move |_, request| {
        if request.contains("/deployments/") {
            let spec = json!({"selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {}, "spec": {"containers": []}}});
            Answer::json(json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}, "spec": spec}).to_string())
        } else if request.contains("continue=next") {
            last.clone()
        } else {
            first.clone()
        }
    });
    let target = format!("deploy/web:{port}");
    let run = api.pods(["check", "--from-here", &target]).run().success();
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.story());
    let pods: Vec<_> = api.paths().into_iter().filter(|path| path.contains("/pods")).collect();
    assert!(pods.len() == 2 && pods.iter().all(|path| path.contains("limit=500")), "{pods:?}");
}

#[test]
fn what_cannot_exist_is_refused_before_anything_is_asked_for() {
    let api = ScriptedApi::start([]);
    let service = "a Service is svc/NAME, or svc/NAME.NAMESPACE";
    let cases: [(&[&str], String); 6] = [
        (&["check", "svc/web."], format!("target \"svc/web.\": {service}")),
        (&["curl", "svc/.default"], format!("target \"svc/.default\": {service}")),
        (
            &["check", "web:80", "-n", "../x"],
            "invalid namespace \"../x\": [may not contain '/']".to_owned(),
        ),
        (&["curl", "web", "-n", ".."], "invalid namespace \"..\": [may not be '..']".to_owned()),
        (
            &["check", "--all", "-n", "a b"],
            "invalid namespace \"a b\": [a name has 1 to 63 of a-z, 0-9 and -, and no - at its ends]"
                .to_owned(),
        ),
        (
            &["monitor", "status", "-n", "a%b"],
            "invalid namespace \"a%b\": [may not contain '%']".to_owned(),
        ),
    ];
    for (words, complaint) in cases {
        let run = api.pods(words.iter().copied()).run().exits(1).prints("");
        assert_eq!(run.stderr, format!("error: {complaint}\n"), "{}", run.story());
    }
    assert_eq!(api.asked(), [""; 0]);
}

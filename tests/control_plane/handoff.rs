//! What is handed to kubectl is kubectl's: bytes, streams, exit code, signals.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ExitStatus},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::pods::create_states;
use harness::{Cluster, Command, Namespace, closed_pipe};

/// Formats with a text that is right, wrong or missing.
const FORMATS: &[&[&str]] = &[
    &["-o", "jsonpath={.items[*].metadata.name}"],
    &["-o", "jsonpath={range .items[*]}{.metadata.name}{\"\\t\"}{.status.phase}{\"\\n\"}{end}"],
    &["-o", "jsonpath={.metadata.name}", "running"],
    &["-ojsonpath={.items[?(@.metadata.name==\"oom\")].metadata.name}"],
    &["--output=jsonpath={.items[0].spec.containers[*].image}"],
    &["-o", "jsonpath={.items[0].nope}"],
    &["-o", "jsonpath={.items[0].nope}", "--allow-missing-template-keys=false"],
    &["-o", "jsonpath={.items[1000000].metadata}"],
    &["-o", "jsonpath={.items["],
    &["-o", "jsonpath={.items[*]"],
    &["-o", "jsonpath={nope}"],
    &["-o", "jsonpath="],
    &["-o", "jsonpath"],
    &["-o", "jsonpath", "--template={.kind}"],
    &["-o", "jsonpath-as-json={.items[*].metadata.name}"],
    &["-o", "jsonpath-as-json={.items[*"],
    &["-o", "jsonpath-file=/no/such/file"],
    &["-o", "go-template={{range .items}}{{.metadata.name}}{{\"\\n\"}}{{end}}"],
    &["-o", "go-template={{.metadata.name}}", "running", "oom"],
    &["-o", "go-template={{.nope}}"],
    &["-o", "go-template={{.nope}}", "--allow-missing-template-keys=false"],
    &["-o", "go-template={{.kind"],
    &["-o", "go-template"],
    &["-o", "go-template-file=/no/such/file"],
    &["-o", "template={{.kind}}"],
    &["-o", "template"],
    &["-o", "templatefile=/no/such/file"],
    &["--template={{.kind}}"],
    &["--template", "{{.kind}}", "-o", "go-template"],
    &["--template", "{{len .items}}", "-o", "json"],
    &["-o", "custom-columns=NAME:.metadata.name,PHASE:.status.phase,NO:.no.such"],
    &["-o", "custom-columns=NAME:.metadata.name", "--no-headers", "running", "oom"],
    &["-o", "custom-columns=NAME"],
    &["-o", "custom-columns="],
    &["-o", "custom-columns"],
    &["-o", "custom-columns-file=/no/such/file"],
    &["-o", "kyaml"],
    &["-o", "KYAML", "running"],
    &["-o", "kyaml", "--show-managed-fields", "running"],
    &["-o", "jsonpath={.kind}", "nope"],
    &["-o", "jsonpath={.kind}", "--show-labels"],
];

/// Flags of `kubectl get` and of every command of kubectl.
const FLAGS: &[&[&str]] = &[
    &["--sort-by", ".metadata.name"],
    &["--sort-by={.metadata.name}", "-o", "wide"],
    &["--sort-by", "metadata.name", "--no-headers"],
    &["--sort-by", ".status.phase", "-o", "name"],
    &["--sort-by", ".metadata.creationTimestamp", "-o", "yaml"],
    &["--sort_by", ".metadata.name", "--show-labels"],
    &["--sort-by", ".no.such.field"],
    &["--sort-by", ".metadata.labels"],
    &["--sort-by", "{.metadata["],
    &["--sort-by="],
    &["--sort-by", ".metadata.name", "running", "oom", "-o", "name"],
    &["--sort-by", ".metadata.name", "-l", "no=such"],
    &["--server-print=false"],
    &["--server-print=false", "-o", "wide", "running"],
    &["--server-print", "running"],
    &["--server-print=perhaps"],
    &["--watch=false"],
    &["-w=perhaps"],
    &["-w", "running", "oom"],
    &["-w", "nope"],
    &["--output-watch-events"],
    &["--subresource=status", "running"],
    &["--subresource", "status", "running", "-o", "jsonpath={.status.phase}"],
    &["--subresource=status"],
    &["--subresource=nope", "running"],
    &["-k", "/no/such/folder"],
    &["--kustomize="],
    &["-R"],
    &["-R", "running"],
    &["-f", "/no/such/file", "-f", "/no/such/other"],
    &["--raw", "/version"],
    &["--cache-dir", "/tmp/no-such-cache", "running"],
    &["--match-server-version", "running"],
    &["--log-flush-frequency=1s", "running"],
    &["--log-flush-frequency=soon"],
    &["--vmodule=a=1", "running"],
    &["-v0", "running"],
    &["-v", "x"],
    &["--profile=none", "running"],
    &["--profile=nope"],
    &["--kuberc=/no/such/file"],
    &["--username=ann", "--password=secret", "--token=x", "--server-print"],
    &["--as", "ann", "--as-user-extra", "a=b"],
    &["--as-user-extra", "a=b"],
    &["--warnings-as-errors", "running"],
];

#[test]
fn formats_are_kubectls() {
    let namespace = Cluster::control_plane().namespace("handed-formats");
    create_states(&namespace);
    for line in FORMATS {
        namespace.parity(line);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let files = [
        ("jsonpath-file", "{.items[*].metadata.name}"),
        ("go-template-file", "{{len .items}}"),
        ("templatefile", "{{.kind}}"),
        ("custom-columns-file", "NAME IP\nmetadata.name status.podIP\n"),
        ("custom-columns-file", "NAME"),
    ];
    for (format, text) in files {
        let file = folder.path().join(format);
        fs::write(&file, text).expect("written");
        namespace.parity(&["-o", &format!("{format}={}", file.display())]);
    }
}

#[test]
fn flags_are_kubectls() {
    let namespace = Cluster::control_plane().namespace("handed-flags");
    create_states(&namespace);
    for line in FLAGS {
        namespace.parity(line);
    }
    let here = format!("metadata.namespace={}", namespace.name);
    namespace.parity(&["-A", "--sort-by", ".metadata.name", "--field-selector", &here]);
    let ours = namespace.pods(["get", "--sort-by", ".metadata.name", "-o", "name"]).run();
    let theirs = ["get", "pods", "--sort-by", ".metadata.name", "-o", "name"];
    ours.success().same_as(&namespace.kubectl(theirs).run());
}

/// Every flag of kubectl's help is known, and takes a value if kubectl's does.
#[test]
fn every_flag_of_kubectl_is_known() {
    let cluster = Cluster::control_plane();
    let mut texts = cluster.kubectl(["get", "--help"]).run().success().stdout;
    texts += &cluster.kubectl(["options"]).run().success().stdout;
    let mut known = 0;
    for line in texts.lines() {
        let Some((flag, default)) = line.trim().trim_end_matches(':').split_once('=') else {
            continue;
        };
        let flag = flag.rsplit(", ").next().unwrap_or_default();
        if !line.starts_with("    -") || !flag.starts_with("--") {
            continue;
        }
        known += 1;
        let takes_value = !matches!(default, "true" | "false");
        let run = cluster.pods([flag, "--one", "--two"]).run().exits(1);
        let said_one = run.stderr.contains("unknown flag: --one\n");
        assert_eq!(said_one, !takes_value, "{}", run.story());
        assert!(!run.stderr.contains(&format!("unknown flag: {flag}")), "{}", run.story());
    }
    assert!(known >= 50, "only {known} flags in kubectl's help");
}

/// Starts a watch, waits until it has shown the pods, and ends it.
fn watched(command: &Command, lines: usize, signal: Signal) -> (String, String, ExitStatus) {
    let mut child = command.spawn();
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut shown = String::new();
    for _ in 0..lines {
        stdout.read_line(&mut shown).expect("a line");
    }
    // So that whatever it does after the list is done as well. Where no line tells that it has come so far, a machine under
    // load needs longer: before that, a signal ends kubectl as it ends every program.
    let pause = if lines == 0 { 3_000 } else { 300 };
    thread::sleep(Duration::from_millis(pause));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, signal).expect("nobody has waited for it yet");
    stdout.read_to_string(&mut shown).expect("text");
    let (stderr, status) = ended(child);
    (shown, stderr, status)
}

fn ended(mut child: Child) -> (String, ExitStatus) {
    let mut stderr = String::new();
    child.stderr.take().expect("stderr is piped").read_to_string(&mut stderr).expect("text");
    (stderr, child.wait().expect("it ends"))
}

fn one_pod(namespace: &Namespace) {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web}, \
               spec: {schedulingGates: [{name: example.com/never}], containers: [{name: a, image: a}]}}";
    namespace.apply(pod);
}

#[test]
fn a_watch_ends_as_kubectls_does() {
    let namespace = Cluster::control_plane().namespace("handed-watch");
    one_pod(&namespace);
    let cases: [(&[&str], usize, Signal); 4] = [
        (&["-w", "-o", "name"], 1, Signal::SIGINT),
        (&["--watch", "-o", "jsonpath={.metadata.name}{\"\\n\"}"], 1, Signal::SIGTERM),
        (&["--watch-only", "--output-watch-events", "-o", "name"], 0, Signal::SIGINT),
        (&["-w", "--output-watch-events", "-o", "name"], 1, Signal::SIGHUP),
    ];
    for (words, lines, signal) in cases {
        let ours = namespace.pods(words.iter().copied());
        let theirs = namespace.kubectl(["get", "pods"]).args(words.iter().copied());
        let [ours, theirs] = [ours, theirs].map(|command| watched(&command, lines, signal));
        assert_eq!(ours, theirs, "{words:?} {signal}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_as_kubectl() {
    let namespace = Cluster::control_plane().namespace("handed-head");
    one_pod(&namespace);
    for words in [&["-o", "jsonpath={.items}"][..], &["--sort-by", ".metadata.name"]] {
        let ours = namespace.pods(words.iter().copied());
        let theirs = namespace.kubectl(["get", "pods"]).args(words.iter().copied());
        let [ours, theirs] = [ours, theirs]
            .map(|command| ended(command.std().stdout(closed_pipe()).spawn().expect("it starts")));
        assert_eq!(ours, theirs, "{words:?}");
    }
}

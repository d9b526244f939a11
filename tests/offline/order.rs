//! What was typed is looked at before a credential plugin runs or standard input is read.

use std::{fs, io::Read as _, process::Child, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use harness::{Answer, Command, Plugin, ScriptedApi, wait_until};

/// A kubeconfig whose credential plugin leaves a file behind.
struct Witness(TempDir);

impl Witness {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().expect("a folder"));
        let credential = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}"#;
        let script = format!("touch {}; echo '{credential}'", this.path("ran"));
        let config = json!({
            "current-context": "x",
            "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x" } }],
            "clusters": [{ "name": "x", "cluster": { "server": "https://127.0.0.1:1" } }],
            "users": [{ "name": "x", "user": { "exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
                "command": "/bin/sh", "args": ["-c", script] } } }],
        });
        fs::write(this.path("config"), config.to_string()).expect("written");
        this
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn command(&self, words: &[&str]) -> Command {
        Plugin::args(words.iter().copied()).env("KUBECONFIG", self.path("config"))
    }

    fn plugin_ran(&self) -> bool {
        self.0.path().join("ran").exists()
    }
}

#[test]
fn a_wrong_word_runs_no_credential_plugin() {
    let lines: &[&[&str]] = &[
        &["--no-such-flag"],
        &["--chunk-size=x"],
        &["-o", "no-such-format"],
        &["-o", "json", "--show-labels"],
        &["-o", "guest:"],
        &["-o", "guest:no-such-guest"],
        &["-o", "guest:by-node,top"],
        &["-o", "guest:by-node", "--guest-memory=0"],
        &["-o", "guest:by-node", "-w"],
        &["web", "-A"],
        &["web", "-l", "a=b"],
        &["pod/web"],
        &[""],
        &["check"],
        &["check", "web", "-o", "xml"],
        &["check", "web:http:80"],
        &["check", "web:0"],
        &["check", "10.0.0.7"],
        &["check", "web", "ftp://host/"],
        &["check", "node/n1"],
        &["check", "web", "--expect", "many"],
        &["check", "web", "--timeout", "soon"],
        &["check", "web", "--attempts", "0"],
        &["curl", "tcp://10.0.0.7:80"],
        &["curl", "web:0"],
        &["curl", "web", "-X", "A B"],
        &["curl", "web", "-H", "no colon"],
        &["curl", "web", "-d", "@/no/such/file"],
        &["curl", "web", "--max-filesize", "0"],
        &["curl", "web", "--", "-T"],
        &["curl", "10.0.0.7", "-6"],
        &["curl", "web", "--cacert", "/no/such/file"],
        // This plugin carries no probe.
        &["check", "web", "--carrier", "any"],
        &["curl", "web", "--carrier", "any"],
        &["monitor", "install", "web", "--carrier", "any"],
        &["check", "10.0.0.7:80", "-6"],
        &["monitor", "install", "10.0.0.7:80", "-6"],
        &["monitor", "install", "10.0.0.7"],
        &["monitor", "install", "deploy/web"],
        &["monitor", "install", "web:0"],
        &["monitor", "install", "web", "--every", "1ms"],
        &["monitor", "install", "web", "--name", "Not A Name"],
        &["monitor", "status", "-o", "yaml"],
        &["monitor", "status", "--name", ""],
        &["monitor", "uninstall", "--name=a/b"],
        &["monitor", "uninstall", "web"],
    ];
    let witness = Witness::new();
    for words in lines {
        let run = witness.command(words).run().exits(1).prints("");
        assert!(run.stderr.starts_with("error: "), "{}", run.story());
        assert!(!witness.plugin_ran(), "{}", run.story());
    }
}

#[test]
fn with_the_right_words_it_runs() {
    let lines: &[&[&str]] = &[
        &[],
        &["-o", "guest:by-node"],
        &["check", "web"],
        &["curl", "web"],
        &["monitor", "install", "web"],
        &["monitor", "status"],
        &["monitor", "uninstall"],
    ];
    for words in lines {
        let witness = Witness::new();
        let run = witness.command(words).run().exits(1);
        assert!(witness.plugin_ran(), "{}", run.story());
    }
}

/// Starts it with a standard input that never ends, and gives what it said in the end.
fn said_without_input(words: &[&str]) -> String {
    let witness = Witness::new();
    let command = witness.command(words);
    let mut child: Child = command.spawn();
    let stdin = child.stdin.take();
    wait_until("it ends without its input", Duration::from_mins(1), || {
        child.try_wait().expect("a child of ours").is_some()
    });
    drop(stdin);
    let mut stderr = String::new();
    child.stderr.take().expect("stderr is piped").read_to_string(&mut stderr).expect("text");
    stderr
}

#[test]
fn a_wrong_word_reads_no_input() {
    let lines: &[(&[&str], &str)] = &[
        (&["-f", "-", "-o", "no-such-format"], "unable to match a printer"),
        (&["-f", "-", "-o", "guest:no-such-guest"], "no guest named \"no-such-guest\""),
        (&["-f", "-", "-l", "a=b"], "selectors need a cluster"),
        (&["-f", "-", "-o", "guest:by-node", "--sort", "size"], "size"),
        (&["-f", "-", "-o", "guest:by-node", "--filter", "age"], "\"age\" is no filter"),
        (&["-f", "-", "-o", "guest:by-node", "-C", "size"], "this guest has no column \"size\""),
        (&["-f", "-", "-o", "guest:csv,top=3"], "it has no option \"top\""),
        (&["-f", "-", "--sort-by", ".x"], "--sort-by and -f"),
        (&["curl", "web", "-d", "@-", "-H", "no colon"], "has no colon"),
        (&["curl", "web", "-d", "@-", "-X", "A B"], "cannot be sent"),
        (&["curl", "tcp://10.0.0.7:80", "-d", "@-"], "curl speaks HTTP"),
        (&["curl", "web", "-d", "@-", "--cacert", "/no/such/file"], "/no/such/file"),
        (&["curl", "web", "-d", "@-", "-w", "@/no/such/file"], "/no/such/file"),
        (&["curl", "web", "-w", "@-", "-X", "A B"], "cannot be sent"),
        (&["curl", "10.0.0.7", "-6", "-d", "@-"], "is an IPv4 address"),
    ];
    for (words, expected) in lines {
        let said = said_without_input(words);
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}

#[test]
fn a_plan_too_large_for_a_pod_is_refused_before_anything_is_made() {
    let api = ScriptedApi::start([Answer::never()]);
    // Text that can hardly be compressed.
    let mut noise = vec![0; 1_000_000];
    fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut noise)).expect("noise");
    noise.retain(u8::is_ascii_alphanumeric);
    let run = api.pods(["curl", "10.0.0.7", "-d", "@-"]).stdin(noise).run().exits(1).prints("");
    let run = run.complains("KiB, compressed, and a probe pod can be handed 128: check fewer");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
    assert_eq!(api.asked(), Vec::<String>::new(), "{}", run.story());
}

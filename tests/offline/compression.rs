//! Compressed answers: when they are asked for, and what is said of broken ones.
//!
//! `127.1` is loopback by another name (`inet_aton`), as good as a server elsewhere.

use std::{fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use harness::{Answer, Command, Plugin, ScriptedApi};

const TABLE: &str = r#"{"kind": "Table", "metadata": {}, "columnDefinitions": [{"name": "Name", "type": "string", "format": "name"}], "rows": [{"cells": ["web"]}]}"#;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("a Vec takes it");
    encoder.finish().expect("a Vec takes it")
}

fn compressed(body: &[u8]) -> Answer {
    Answer::json(body).header("Content-Encoding: gzip")
}

/// The plugin, sent to a server that it takes for one elsewhere.
fn elsewhere(api: &ScriptedApi, words: &[&str]) -> Command {
    let address = api.address().replace("127.0.0.1", "127.1");
    Plugin::args(["-s", &address]).args(words.iter().copied())
}

/// What the requests said of `Accept-Encoding`, with their first lines.
fn accepted(api: &ScriptedApi) -> Vec<(String, Option<String>)> {
    let said = |request: &String| {
        let mut lines = request.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let value = lines.find_map(|line| line.strip_prefix("accept-encoding: "));
        (first, value.map(str::to_owned))
    };
    api.asked().iter().map(said).collect()
}

#[test]
fn a_compressed_answer_is_read_as_any_other() {
    let api = ScriptedApi::start([compressed(&gzip(TABLE.as_bytes()))]);
    elsewhere(&api, &[]).run().success().quiet().prints("NAME\nweb\n");
    assert_eq!(accepted(&api)[0].1.as_deref(), Some("gzip"));
}

#[test]
fn compression_is_asked_for_where_it_pays() {
    let api = ScriptedApi::start([Answer::json(TABLE)]);
    let folder = tempfile::tempdir().expect("a folder");
    let server = api.address().replace("127.0.0.1", "127.1");
    let configured = |words: &[&str]| {
        let config = json!({
            "current-context": "x", "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "" } }],
            "clusters": [{ "name": "x", "cluster": { "server": server, "disable-compression": true } }],
        });
        let path = folder.path().join("config");
        fs::write(&path, config.to_string()).expect("written");
        Plugin::args(words.iter().copied()).env("KUBECONFIG", path.display().to_string())
    };
    let cases = [
        (elsewhere(&api, &[]), Some("gzip")),
        (elsewhere(&api, &["--disable-compression"]), None),
        (elsewhere(&api, &["--disable-compression=false"]), Some("gzip")),
        (api.pods([]), None),
        (configured(&[]), None),
        // As in kubectl, a flag that is false says nothing.
        (configured(&["--disable-compression=false"]), None),
    ];
    for (command, expected) in cases {
        let line = command.line();
        command.run().success();
        let last = accepted(&api).pop().expect("a request");
        assert_eq!(last.1.as_deref(), expected, "{line}");
    }
}

/// Each event of a watch may be compressed by itself, and a log is read as it is written.
#[test]
fn streams_are_not_compressed() {
    let api = ScriptedApi::choosing(|_, request| match request {
        watch if watch.contains("watch=true") => Answer::running_probes(watch),
        log if log.contains("/log?") => Answer::status(403, "X: y", "no"),
        post if post.starts_with("POST") => {
            Answer::json(r#"{"kind": "Job", "apiVersion": "batch/v1", "metadata": {}}"#)
        }
        _ => Answer::status(404, "X: y", ""),
    });
    elsewhere(&api, &["check", "10.0.0.7:80"]).run();
    for (part, expected) in [("watch=true", "identity"), ("/log?", "identity"), ("POST ", "gzip")] {
        let said = accepted(&api);
        let request = said.iter().find(|(line, _)| line.contains(part));
        let (_, value) = request.unwrap_or_else(|| panic!("{part} in {said:?}"));
        assert_eq!(value.as_deref(), Some(expected), "{part}");
    }
}

#[test]
fn a_broken_compressed_answer_is_an_error() {
    let whole = gzip(TABLE.as_bytes());
    let cut = &whole[..whole.len() / 2];
    let mut wrong_sum = whole.clone();
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 1;
    let two = [gzip(&TABLE.as_bytes()[..40]), gzip(&TABLE.as_bytes()[40..])].concat();
    let cases = [
        ("cut short", cut, "Unable to connect to the server: unexpected EOF\n"),
        ("sum", &wrong_sum, "Unable to connect to the server: gzip: CRC computed does not match\n"),
        (
            "no gzip",
            TABLE.as_bytes(),
            "Unable to connect to the server: gzip: Invalid gzip header\n",
        ),
        ("two members", &two, "error: the server's answer ended in the middle\n"),
    ];
    for (name, body, expected) in cases {
        let api = ScriptedApi::start([compressed(body)]);
        let run = elsewhere(&api, &["-o", "name"]).run().exits(1);
        assert_eq!(run.stderr, expected, "{name}");
    }
    // Less came than was announced: the connection broke, whatever is in it.
    let api = ScriptedApi::start([compressed(&whole).cut_short()]);
    elsewhere(&api, &[]).run().exits(1).complains("Unable to connect to the server: ");
}

/// What a failure says is read up to a mebibyte, which little can become.
#[test]
fn limits_count_what_was_decompressed() {
    let long = gzip(&vec![b'x'; 2 << 20]);
    assert!(long.len() < 100_000, "{}", long.len());
    let failure =
        Answer::status(500, "Content-Type: text/plain", long).header("Content-Encoding: gzip");
    let api = ScriptedApi::start([failure]);
    elsewhere(&api, &[]).run().exits(1).complains("too long to be read");
}

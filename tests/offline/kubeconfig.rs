//! Kubeconfig files.

use std::fs;

use serde_json::json;

use harness::{Answer, Plugin, ScriptedApi};

fn empty_table() -> Answer {
    Answer::json(json!({ "kind": "Table", "metadata": {}, "columnDefinitions": [{ "name": "Name" }], "rows": [] }).to_string())
}

fn config(server: &str, name: &str, namespace: &str) -> String {
    format!(
        "clusters: [{{name: {name}, cluster: {{server: 'http://{server}'}}}}]\n\
         users: [{{name: {name}, user: {{token: secret}}}}]\n\
         contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}, namespace: {namespace}}}}}]\n"
    )
}

#[test]
fn files_merge_and_flags_win() {
    let api = ScriptedApi::start([empty_table()]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let first = format!("current-context: ''\n{}", config(api.address(), "one", "shop"));
    fs::write(path("first"), first).expect("written");
    let second = format!("current-context: one\n{}", config("127.0.0.1:1", "one", "other"));
    fs::write(path("second"), second).expect("written");
    let list = format!("{}:{}:{}", path("missing"), path("first"), path("second"));

    let cases: [(&[&str], &str); 4] = [
        (&[], "No resources found in shop namespace.\n"),
        (&["-n", "mine"], "No resources found in mine namespace.\n"),
        (&["--namespace="], "No resources found in shop namespace.\n"),
        (&["-A"], "No resources found\n"),
    ];
    for (words, expected) in cases {
        let run = Plugin::args(words.iter().copied()).env("KUBECONFIG", list.as_str()).run();
        assert_eq!(run.success().stderr, expected, "{words:?}");
    }
    // --kubeconfig stands alone.
    let alone = ["--kubeconfig", &path("second")];
    Plugin::args(alone)
        .env("KUBECONFIG", list.as_str())
        .run()
        .exits(1)
        .complains("The connection to the server 127.0.0.1:1 was refused");
}

#[test]
fn the_home_folder_has_one_too() {
    let api = ScriptedApi::start([empty_table()]);
    let command = Plugin::args([] as [&str; 0]);
    let folder = command.home().join(".kube");
    fs::create_dir(&folder).expect("created");
    let text = format!("current-context: one\n{}", config(api.address(), "one", "home"));
    fs::write(folder.join("config"), text).expect("written");
    assert_eq!(command.run().success().stderr, "No resources found in home namespace.\n");
}

#[test]
fn windows_writes_files_in_utf_16() {
    let api = ScriptedApi::start([empty_table()]);
    let text = format!("\u{feff}current-context: one\n{}", config(api.address(), "one", "shöp"));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [text.into_bytes(), little, big] {
        let command = Plugin::args([] as [&str; 0]);
        let path = command.home().join("config");
        fs::write(&path, &bytes).expect("written");
        let run = command.env("KUBECONFIG", path.display().to_string()).run().success();
        assert_eq!(run.stderr, "No resources found in shöp namespace.\n", "{:x?}", &bytes[..3]);
    }
}

#[test]
fn secrets_do_not_travel_over_plain_http() {
    let api = ScriptedApi::start([empty_table()]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config").display().to_string();
    fs::write(&path, format!("current-context: one\n{}", config(api.address(), "one", "x")))
        .expect("written");
    Plugin::args(["--kubeconfig", &path, "--token", "other"]).run().success();
    let asked = api.asked().concat().to_lowercase();
    assert!(!asked.contains("authorization") && !asked.contains("secret"), "{asked}");
}

#[test]
fn impersonation_is_passed_on() {
    let api = ScriptedApi::start([empty_table()]);
    let words = ["--as", "ann", "--as-group", "a", "--as-group", "b", "--as-uid", "7"];
    api.pods(words).run().success();
    let asked = api.asked().concat().to_lowercase();
    for header in [
        "impersonate-user: ann",
        "impersonate-group: a",
        "impersonate-group: b",
        "impersonate-uid: 7",
    ] {
        assert!(asked.contains(header), "{header} in {asked}");
    }
}

#[test]
fn proxies_are_used_and_avoided() {
    let proxy = ScriptedApi::start([Answer::status(200, "X: y", "")]);
    let url = format!("http://{}", proxy.address());
    let server = "http://pods.example:80";
    let run = |no_proxy: &str| {
        Plugin::args(["-s", server, "--request-timeout=2s"])
            .env("HTTP_PROXY", url.as_str())
            .env("NO_PROXY", no_proxy)
            .run()
    };
    run("").exits(1);
    assert!(proxy.asked().concat().starts_with("CONNECT pods.example:80 "), "{:?}", proxy.asked());
    run("other.example,.example").exits(1);
    assert_eq!(proxy.asked().len(), 1, "NO_PROXY covers the server: {:?}", proxy.asked());
    // This machine itself is never behind a proxy.
    let api = ScriptedApi::start([empty_table()]);
    api.pods([]).env("HTTP_PROXY", url.as_str()).run().success();
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn files_that_are_none_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config").display().to_string();
    fs::write(&path, "clusters: 7\n").expect("written");
    let run = Plugin::args(["--kubeconfig", &path]).run().exits(1).prints("");
    run.complains(&format!("error: error loading config file \"{path}\": "));
    // One line each, in kubectl's words, and nothing of what the file says.
    let word = folder.path().join("word").display().to_string();
    fs::write(&word, "secret\nmore\n").expect("written");
    let binary = folder.path().join("binary").display().to_string();
    fs::write(&binary, [0x7f, 0xff, 0x00]).expect("written");
    let half = folder.path().join("half").display().to_string();
    fs::write(&half, b"\xff\xfea").expect("written");
    let folder = folder.path().display().to_string();
    let cases = [
        (word, "yaml: line 1 column 1: expected mapping start".to_owned()),
        (binary, "yaml: control characters are not allowed".to_owned()),
        (half, "yaml: incomplete UTF-16 character".to_owned()),
        (folder.clone(), format!("read {folder}: is a directory")),
    ];
    for (file, reason) in cases {
        let run = Plugin::args(["--kubeconfig", &file]).run().exits(1).prints("");
        assert_eq!(run.stderr, format!("error: error loading config file \"{file}\": {reason}\n"));
    }
    Plugin::args(["--kubeconfig", "/no/such"])
        .run()
        .exits(1)
        .complains("error: stat /no/such: no such file or directory\n");
}

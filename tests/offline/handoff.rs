//! How kubectl is found, and what it is given.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        process::ExitStatusExt as _,
    },
    path::Path,
};

use tempfile::TempDir;

use harness::{Command, Plugin};

/// A folder with an executable `kubectl`.
fn kubectl(script: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubectl");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
    folder
}

fn path(folder: &Path) -> String {
    folder.display().to_string()
}

/// The plugin with this PATH alone.
fn on_path(words: &[&str], path: &str) -> Command {
    Plugin::args(words.iter().copied()).env("PATH", path)
}

#[test]
fn kubectl_is_given_the_words_the_streams_and_the_environment() {
    let folder = kubectl(
        r#"for word in "$@"; do printf '<%s>' "$word"; done; printf '|%s|' "$MARK"; /bin/cat; echo no >&2; exit 7"#,
    );
    let cases: [(&[&str], &str); 5] = [
        (&["-w"], "<get><pods><-w>"),
        (&["get", "--sort-by", ".x y", "web"], "<get><pods><--sort-by><.x y><web>"),
        (&["-n", "shop", "get", "-o", "kyaml"], "<get><pods><-n><shop><-o><kyaml>"),
        (&["-o", "jsonpath={.a}\n", ""], "<get><pods><-o><jsonpath={.a}\n><>"),
        (&["--raw=/", "--", "get", "-w"], "<get><pods><--raw=/><--><get><-w>"),
    ];
    for (words, expected) in cases {
        let command = on_path(words, &path(folder.path())).env("MARK", "mine").stdin("input");
        let run = command.run().exits(7).prints(&format!("{expected}|mine|input"));
        assert_eq!(run.stderr, "no\n");
    }
}

#[test]
fn the_process_becomes_kubectl() {
    let folder = kubectl("echo $$; kill -TERM $$");
    let child = on_path(&["-w"], &path(folder.path())).std().spawn().expect("started");
    let pid = child.id();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{pid}\n"));
    assert_eq!(output.status.signal(), Some(15));
}

#[test]
fn the_variable_comes_before_the_path() {
    let (first, second) = (kubectl("echo first"), kubectl("echo second"));
    let [one, other] = [&first, &second].map(|folder| path(folder.path()));
    on_path(&["-w"], &format!("{one}:{other}")).run().success().prints("first\n");
    let named = || format!("{other}/kubectl");
    on_path(&["-w"], &one).env("KUBECTL_PATH", named()).run().success().prints("second\n");
    on_path(&["-w"], &one).env("KUBECTL_PATH", "").run().success().prints("first\n");
    let relative = on_path(&["-w"], &one).env("KUBECTL_PATH", "kubectl").current_dir(second.path());
    relative.run().success().prints("second\n");
}

#[test]
fn what_is_no_kubectl_is_passed_over() {
    let real = kubectl("echo real");
    let (ours, plain, folder) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    symlink(Plugin::path(), ours.path().join("kubectl")).expect("linked");
    fs::write(plain.path().join("kubectl"), "not executable").expect("written");
    fs::create_dir(folder.path().join("kubectl")).expect("created");
    let folders = [&ours, &plain, &folder, &real].map(|folder| path(folder.path()));
    on_path(&["-w"], &folders.join(":")).run().success().prints("real\n");
}

#[test]
fn no_kubectl_is_said_in_one_line() {
    let empty = tempfile::tempdir().expect("a folder");
    let empty = path(empty.path());
    let lines: [(&[&str], &str); 3] = [
        (&["-w"], "--watch"),
        (&["--sort-by", ".x", "-o", "kyaml"], "--sort-by"),
        (&["-o", "jsonpath={.x}"], "-o jsonpath"),
    ];
    for (words, flag) in lines {
        let run = on_path(words, &empty).run().exits(1).prints("");
        let expected = format!(
            "error: {flag} is done by kubectl, which cannot be started: there is no kubectl on the PATH: install it, or name it in KUBECTL_PATH\n"
        );
        assert_eq!(run.stderr, expected);
    }
    let link = format!("{empty}/kubectl");
    symlink(Plugin::path(), &link).expect("linked");
    let ourselves = "KUBECTL_PATH names this plugin: name kubectl in it, or unset it";
    let missing = format!("{empty}/no: no such file or directory: name a kubectl in KUBECTL_PATH");
    let denied = format!("{empty}: permission denied: name a kubectl in KUBECTL_PATH");
    let cases = [
        (path(&Plugin::path()), ourselves),
        (link, ourselves),
        (format!("{empty}/no"), &missing),
        (empty.clone(), &denied),
    ];
    for (named, expected) in cases {
        let run = on_path(&["-w"], &empty).env("KUBECTL_PATH", named).run().exits(1).prints("");
        let expected =
            format!("error: --watch is done by kubectl, which cannot be started: {expected}\n");
        assert_eq!(run.stderr, expected);
    }
}

#[test]
fn flags_that_only_we_know_do_not_go_with_it() {
    let folder = kubectl("echo started");
    let cases: [(&[&str], [&str; 2]); 11] = [
        (&["-w", "--guest-strict"], ["--watch", "--guest-strict"]),
        (&["--as", "ann", "-w", "--guest-strict"], ["--watch", "--guest-strict"]),
        (&["-w", "-C", "pod.name"], ["--watch", "--columns"]),
        (&["-w", "--sort", "pod.name"], ["--watch", "--sort"]),
        (&["-o", "kyaml", "--filter", "pod.restarts>3"], ["-o kyaml", "--filter"]),
        (&["-w", "-n", "a,b"], ["--watch", "-n a,b"]),
        (&["-w", "-o", "guest:by-node"], ["--watch", "-o guest:by-node"]),
        (&["-o", "jsonpath={.x}", "--guest-memory=64Mi"], ["-o jsonpath", "--guest-memory"]),
        (&["-f", "pods.json", "--sort-by", ".x"], ["--sort-by", "-f"]),
        (&["check", "web", "--sort-by", ".x"], ["--sort-by", "kubectl pods check"]),
        (&["monitor", "status", "-w"], ["-w", "kubectl pods monitor status"]),
    ];
    for (words, named) in cases {
        let run = on_path(words, &path(folder.path())).run().exits(1).prints("");
        for name in named {
            assert!(run.stderr.contains(name), "{name}\n{}", run.story());
        }
    }
}

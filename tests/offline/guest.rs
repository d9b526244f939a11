//! Guests, through the binary, against an API server that knows three pods.

use std::{fs, path::Path, time::Duration};

use harness::{Answer, Command, Plugin, Run, ScriptedApi};

const PODS: [[&str; 6]; 3] = [
    ["web-0", "1/1", "Running", "0", "17m", "node1"],
    ["web-1", "0/1", "CrashLoopBackOff", "12 (5m30s ago)", "3d4h", "node2"],
    ["web-2", "0/1", "Pending", "0", "5s", "<none>"],
];

/// An API server that knows these pods.
fn knowing(pods: &[[&str; 6]]) -> ScriptedApi {
    ScriptedApi::start([Answer::pods(pods)])
}

const BUILT_IN_TABLE: &str = "\
NAME    READY   STATUS             RESTARTS         AGE
web-0   1/1     Running            0                17m
web-1   0/1     CrashLoopBackOff   12 (5m30s ago)   3d4h
web-2   0/1     Pending            0                5s
";

/// A checked-in module, as a user would name it.
fn prebuilt(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(format!("../wasm-guests/prebuilt/{name}.wasm")).display().to_string()
}

#[test]
fn by_node_prints_pods_by_node_from_the_cheapest_request() {
    let api = knowing(&PODS);
    let run = api.pods(["-o", "guest:by-node"]).run().success();
    assert_eq!(run.stderr, "", "{}", run.story());
    run.prints(
        "  NAME    READY   STATUS             RESTARTS         AGE
node1: 1 pod
  web-0   1/1     Running            0                17m
node2: 1 pod, 1 unhealthy
  web-1   0/1     CrashLoopBackOff   12 (5m30s ago)   3d4h
on no node: 1 pod
  web-2   0/1     Pending            0                5s
",
    );
    assert_eq!(api.paths(), ["/api/v1/namespaces/default/pods?includeObject=None"]);
}

#[test]
fn those_built_in_need_little_memory_for_many_pods() {
    let names: Vec<String> =
        (0..10_000).map(|number| format!("web-7d4b9c6f5d-{number:06}")).collect();
    let pods: Vec<[&str; 6]> =
        names.iter().map(|name| [name, "1/1", "Running", "0", "17m", "node1"]).collect();
    for guest in ["guest:by-node", "guest:csv"] {
        let run = knowing(&pods).pods(["-o", guest, "--guest-memory", "16Mi"]).run().success();
        assert_eq!(run.stdout.matches("web-7d4b9c6f5d-").count(), 10_000, "{guest}");
        assert_eq!(run.stderr, "", "{guest}");
    }
}

/// JavaScript, made by its own usual tool, which imports WASI.
#[test]
fn a_guest_in_another_language() {
    let pod = |name: &str, images: &str| {
        format!(
            r#"{{"kind": "Pod", "metadata": {{"name": "{name}"}}, "spec": {{"containers": [{images}]}}}}"#
        )
    };
    let image = |name: &str| format!(r#"{{"name": "c", "image": "{name}"}}"#);
    let pods = [
        pod("one", &image("nginx")),
        pod("many", &["a", "b", "c"].map(image).join(",")),
        pod("none", ""),
    ];
    let list =
        format!(r#"{{"kind": "PodList", "apiVersion": "v1", "items": [{}]}}"#, pods.join(","));
    let js = prebuilt("images-js");
    let run = |options: &str| {
        let guest = format!("guest:{js}{options}");
        Plugin::args(["-f", "-", "-o", &guest]).stdin(&list).run()
    };
    run(",max=2").success().prints("NAME   IMAGES\none    nginx\nmany   a,b\nnone\n");
    let run = run(",max=two").exits(74).complains("failed in open: it gave up: ");
    let error = run.stderr.lines().last().unwrap_or_default();
    assert!(error.contains("max is no number"), "what was thrown is told\n{}", run.story());
    let shown = include_str!("../../docs/guests.md");
    let source = include_str!("../../wasm-guests/js/images.js");
    assert!(shown.contains(source), "docs/guests.md shows another wasm-guests/js/images.js");
}

#[test]
fn all_namespaces_cost_metadata_and_are_shown() {
    let api = knowing(&PODS[..1]);
    let run = api.pods(["-A", "-o", "guest:by-node", "--no-headers"]).run().success();
    run.prints("node1: 1 pod\n  shop   web-0   1/1   Running   0     17m\n");
    assert_eq!(api.paths(), ["/api/v1/pods?includeObject=Metadata&limit=100"]);
}

#[test]
fn csv_is_written_as_it_is() {
    let api = knowing(&PODS[1..2]);
    let run = api.pods(["-o", "guest:csv"]).run().success();
    run.prints(
        "name,ready,total,status,restarts,age_seconds,ip,node\r\nweb-1,0,1,CrashLoopBackOff,12,273600,,node2\r\n",
    );
}

#[test]
fn no_pods_are_said_as_kubectl_says_it() {
    let run = knowing(&[]).pods(["-o", "guest:by-node"]).run().success();
    run.complains("No resources found in default namespace.\n").prints("");
}

/// A guest that fails with every pod still to be shown: the command, what is said, and what is printed.
#[test]
fn when_a_guest_fails_the_table_is_printed() {
    let hostile = prebuilt("hostile");
    let cases = [
        ("do=panic", "failed in push: it gave up: panicked at ", "; this is the built-in table\n"),
        (
            "do=loop,in=open",
            "s, the limit for one call is 0.5 s; it may be in an endless loop; ",
            "loop; this is the built-in table\n",
        ),
        (
            "do=memory",
            "failed in push: it asked for 33 MiB of memory, the limit is 32 MiB",
            ", between the pods web-0 and web-2; this is the built-in table\n",
        ),
        ("do=row", "failed in push: no second row for me", ", at pod web-1; this is "),
    ];
    for (options, complaint, end) in cases {
        let api = knowing(&PODS);
        let guest = format!("guest:{hostile},{options}");
        let run = api.pods(["-o", &guest, "--guest-memory", "32Mi"]).run();
        assert!(run.took < Duration::from_secs(20), "{}", run.story());
        let run = run.exits(74).complains(complaint).complains(end);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
        run.prints(BUILT_IN_TABLE);
        let strict = api.pods(["-o", &guest, "--guest-memory", "32Mi", "--guest-strict"]);
        strict.run().exits(74).complains(complaint).complains("; nothing is written\n").prints("");
    }
}

/// What it made of the pods before is shown, and no pod twice.
#[test]
fn a_guest_that_fails_at_its_end_keeps_its_lines() {
    let guest = format!("guest:{},do=loop,in=finish", prebuilt("hostile"));
    let run = knowing(&PODS).pods(["-o", &guest]).run().exits(74);
    run.complains("s, the limit for one call is 2.0 s; it may be in an endless loop; ")
        .prints("NAME\nweb-0\nweb-1\nweb-2\n");
}

/// A file that was to be CSV must not have a table in it.
#[test]
fn a_document_that_fails_leaves_nothing_on_stdout() {
    let run = knowing(&PODS).pods(["-o", "guest:csv", "--guest-memory", "64k"]).run().exits(74);
    run.complains("guest csv failed in start: ").complains("; nothing is written\n").prints("");
}

#[test]
fn a_wrong_option_is_refused_before_anything_is_asked() {
    let api = knowing(&PODS);
    let hostile = prebuilt("hostile");
    let cases = [
        (
            "guest:by-node,top=3".to_owned(),
            r#"error: guest by-node cannot be used like this: it has no option "top"; it has none"#
                .to_owned(),
        ),
        (
            format!("guest:{hostile},doo=panic"),
            r#"it has no option "doo"; its options are do=VALUE, in=plan|open|push|finish"#
                .to_owned(),
        ),
        (
            format!("guest:{hostile},in=end"),
            r#"its option in cannot be "end"; it is one of plan, open, push, finish"#.to_owned(),
        ),
    ];
    for (guest, complaint) in cases {
        let run = api.pods(["-o", &guest]).run().exits(1).complains(&complaint).prints("");
        assert!(run.stderr.ends_with(&format!("{complaint}\n")), "{}", run.story());
    }
    assert_eq!(api.paths(), [""; 0]);
}

#[test]
fn a_guest_says_what_it_takes_and_gives() {
    let api = knowing(&PODS);
    let run = api.pods(["-o", "guest:by-node,help"]).run().success();
    run.prints(
        "by-node 0.1.0: Pods grouped by the node they run on
license Apache-2.0, for pods

Columns:
  name      the pod
  ready     containers that are ready, of all
  status    as kubectl shows it
  restarts  of all its containers, and when the last one was
  age       since it was created
",
    );
    let run = api.pods(["-o", "guest:csv,help"]).run().success();
    run.prints(
        "csv 0.1.0: Pods as comma-separated values
license Apache-2.0, for pods

Writes text/csv.
",
    );
    assert_eq!(api.paths(), [""; 0]);
}

#[test]
fn columns_of_a_guest_are_chosen_sorted_and_filtered() {
    let cases: [(&[&str], &str); 5] = [
        (
            &["--sort", "-restarts"],
            "node1: 1 pod
  web-0   1/1   Running            0                17m
node2: 2 pods, 1 unhealthy
  web-1   0/1   CrashLoopBackOff   12 (5m30s ago)   3d4h
  web-3   1/1   Running            3                5s
",
        ),
        (
            &["--sort", "age", "-C", "name,age"],
            "node1: 1 pod
  web-0   17m
node2: 2 pods, 1 unhealthy
  web-3   5s
  web-1   3d4h
",
        ),
        (
            &["--filter", "restarts>2", "--filter", "age<1h"],
            "node2: 2 pods, 1 unhealthy
  web-3   1/1   Running   3     5s
",
        ),
        (
            // The pod's own column: the guest is given fewer rows.
            &["--filter", "pod.restarts>2", "-C", "restarts,name"],
            "node2: 2 pods, 1 unhealthy
  12 (5m30s ago)   web-1
  3                web-3
",
        ),
        (&["--filter", "age>1y"], ""),
    ];
    let pods = [PODS[0], PODS[1], ["web-3", "1/1", "Running", "3", "5s", "node2"]];
    for (words, expected) in cases {
        let command = knowing(&pods).pods(["-o", "guest:by-node", "--no-headers"]);
        command.args(words.iter().copied()).run().success().prints(expected);
    }
    let run = knowing(&pods).pods(["-o", "guest:by-node", "--filter", "age>1y"]).run().success();
    run.prints("NAME   READY   STATUS   RESTARTS   AGE\n");
    let run = knowing(&pods).pods(["-o", "guest:by-node", "-C", "name,size"]).run().exits(1);
    run.complains(
        r#"error: this guest has no column "size"; its columns are name, ready, status, restarts, age"#,
    );
    let run = knowing(&pods).pods(["-o", "guest:by-node", "--sort", "size"]).run().exits(1);
    run.complains("size");
}

#[test]
fn what_is_no_guest_is_refused_before_anything_is_asked() {
    let api = knowing(&PODS);
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml").display().to_string();
    let text = api.pods(["-o", "guest:./text.wasm"]);
    fs::copy(&manifest, text.home().join("text.wasm")).expect("HOME is writable");
    text.run()
        .exits(1)
        .complains("error: guest ./text.wasm cannot be used: it is a text file, not WebAssembly\n")
        .prints("");
    let cases = [
        ("guest:nope", "error: no guest named \"nope\": there is no nope.wasm in "),
        ("guest:nope", "; built in: by-node, csv\n"),
        (
            "guest:./nope.wasm",
            "error: cannot read guest ./nope.wasm: No such file or directory (os error 2)\n",
        ),
        (
            "guest:",
            "error: no guest named: use guest:NAME, guest:./FILE.wasm or guest:NAME,KEY=VALUE; built in: by-node, csv\n",
        ),
        (
            "guest",
            "error: no guest named: use guest:NAME, guest:./FILE.wasm or guest:NAME,KEY=VALUE; built in: by-node, csv\n",
        ),
        ("guest:\u{1b}[31mx", "named \"\\u{1b}[31mx\": there is no \\u{1b}[31mx.wasm in "),
        ("guest:\u{1b}[31mx.wasm", "error: cannot read guest \\u{1b}[31mx.wasm: No such file"),
        ("guest:/\u{1b}[31m/..", "error: cannot read guest /\\u{1b}[31m/..: No such file"),
        ("guest:by-node,top", "error: guest option \"top\" is not KEY=VALUE\n"),
    ];
    for (output, complaint) in cases {
        let run = api.pods(["-o", output]).run().exits(1).complains(complaint);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.story());
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.story());
        run.prints("");
    }
    assert_eq!(api.paths(), [""; 0]);
}

#[test]
fn names_are_found_in_folders_but_never_in_the_current_one() {
    let api = knowing(&PODS[..1]);
    let command = api.pods(["-o", "guest:mine"]);
    fs::copy(prebuilt("by-node"), command.home().join("mine.wasm")).expect("HOME is writable");
    command.run().exits(1).complains("no guest named \"mine\"");

    let command = api.pods(["-o", "guest:mine"]);
    let home = command.home().to_owned();
    let data = home.join(".local/share/kubectl-pods/guests");
    fs::create_dir_all(&data).expect("HOME is writable");
    fs::copy(prebuilt("by-node"), data.join("mine.wasm")).expect("HOME is writable");
    command.run().success();

    let command = api.pods(["-o", "guest:mine"]);
    let path = command.home().display().to_string();
    fs::copy(prebuilt("by-node"), command.home().join("mine.wasm")).expect("HOME is writable");
    command.env("KUBECTL_PODS_GUEST_PATH", path).run().success();

    // A relative entry would be the current folder again.
    let command = api.pods(["-o", "guest:mine"]);
    fs::copy(prebuilt("by-node"), command.home().join("mine.wasm")).expect("HOME is writable");
    command
        .env("KUBECTL_PODS_GUEST_PATH", ".:")
        .run()
        .exits(1)
        .complains("no guest named \"mine\"");
}

#[test]
fn no_escape_of_cluster_or_guest_gets_out() {
    let evil = ["web-0", "1/1", "\u{1b}[2J\u{202e}Gone\u{9b}31m", "0", "17m", "node\u{7}1"];
    let run = knowing(&[evil]).pods(["-o", "guest:by-node"]).run().success();
    run.prints(
        "  NAME    READY   STATUS       RESTARTS   AGE
node1: 1 pod, 1 unhealthy
  web-0   1/1     [2JGone31m   0          17m
",
    );
    let guest = format!("guest:{},do=warn", prebuilt("hostile"));
    let run = knowing(&PODS[..1]).pods(["-o", &guest]).run().success();
    assert_eq!(run.stderr.lines().count(), 200, "{}", run.story());
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.story());
}

#[test]
fn memory_must_be_a_size() {
    for size in ["0", "many", "64Ti", "-1"] {
        let flag = format!("--guest-memory={size}");
        let run = Plugin::args(["-o", "guest:by-node", &flag]).run().exits(1);
        run.complains("a size is a number of bytes or, say, 64k, 64Mi, 1G");
    }
}

#[test]
fn an_error_without_any_pod_is_no_empty_list() {
    let body = r#"{"kind":"Status","status":"Failure","reason":"NotFound","code":404,"message":"pods \"nope\" not found"}"#;
    let missing = || Answer::status(404, "Content-Type: application/json", body);
    for guest in ["guest:csv", "guest:by-node"] {
        let run = ScriptedApi::start([missing()]).pods(["nope", "-o", guest]).run().exits(1);
        assert_eq!(run.stdout, "", "{}", run.story());
        assert_eq!(run.stderr, "Error from server (NotFound): pods \"nope\" not found\n");
    }
}

/// The plugin with these words under a limit on its address space, in KiB, and with a saved list of one pod.
fn under_a_limit(address_space: u32, words: &str) -> Run {
    let list =
        r#"{"kind": "PodList", "items": [{"metadata": {"name": "web", "namespace": "shop"}}]}"#;
    let plugin = Plugin::path();
    let line = format!("ulimit -v {address_space} && exec '{}' -f - {words}", plugin.display());
    Command::new("/bin/sh").args(["-c", &line]).stdin(list).run()
}

#[test]
fn a_guest_runs_where_address_space_is_short() {
    // Four GiB is what wasmtime reserves for each memory when it is not told how much a guest may have.
    let run = under_a_limit(2_000_000, "-o guest:by-node").success();
    assert!(run.stdout.contains("web"), "{}", run.story());
    let run = under_a_limit(2_000_000, "-o guest:by-node --guest-memory 3Gi");
    assert_eq!(run.code, 74, "{}", run.story());
    assert!(run.stdout.contains("web"), "{}", run.story());
    assert!(
        run.stderr.contains("this machine gives it no 3072 MiB of memory (ulimit -v?)"),
        "{}",
        run.story()
    );
}

//! Lists that are longer than a test could make in a cluster.

use harness::{Answer, Command, Plugin, ScriptedApi};

const PODS: usize = 26_000;

/// What it may take of the system beside its program, in KiB: enough for what is printed, much less than an answer.
const LIMIT: usize = 12_000;

/// A Table, each of whose rows comes with so much metadata as the server sends of a pod.
fn table() -> String {
    let padding = "x".repeat(900);
    let row = |index| {
        format!(
            r#"{{"cells":["web-{index}"],"object":{{"metadata":{{"name":"web-{index}","namespace":"shop","annotations":{{"a":"{padding}"}}}}}}}}"#
        )
    };
    let rows: Vec<String> = (0..PODS).map(row).collect();
    let column = r#"{"name":"Name","type":"string","format":"name","priority":0}"#;
    let head =
        r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},"columnDefinitions":["#;
    format!(r#"{head}{column}],"rows":[{}]}}"#, rows.join(","))
}

#[test]
fn a_list_needs_no_more_memory_than_what_it_prints() {
    let table = table();
    assert!(table.len() > 2 * LIMIT * 1024);
    let api = ScriptedApi::start([Answer::json(table)]);
    let last = PODS - 1;
    let cases = [
        ("-A --show-labels", format!("shop        web-{last}   <none>")),
        ("-A -o name", format!("pod/web-{last}")),
    ];
    for (words, expected) in cases {
        let plugin = Plugin::path();
        let address = api.address();
        let line = format!("ulimit -d {LIMIT} && exec '{}' -s {address} {words}", plugin.display());
        let run = Command::new("/bin/sh").args(["-c", &line]).run();
        let said = (run.code, run.stderr.as_str());
        assert_eq!(said, (0, ""), "{words}: more than {LIMIT} KiB?");
        assert_eq!(run.stdout.lines().last(), Some(expected.as_str()), "{words}");
    }
}

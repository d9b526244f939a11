//! Columns, sorts and conditions that kubectl has not, on a saved list.

use harness::{Plugin, Run};

/// Pods of two namespaces.
const LIST: &str = r#"{"kind": "List", "apiVersion": "v1", "items": [
    {"metadata": {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}},
     "spec": {"nodeName": "n2", "priority": 7, "containers": [{"name": "a", "image": "nginx"}, {"name": "b", "image": "envoy"}]},
     "status": {"phase": "Running", "containerStatuses": [{"name": "a", "restartCount": 2, "state": {"running": {}}, "ready": true}]}},
    {"metadata": {"name": "db-0", "namespace": "stock"},
     "spec": {"nodeName": "n1", "priority": 10, "containers": [{"name": "a", "image": "postgres"}]},
     "status": {"phase": "Running", "containerStatuses": [{"name": "a", "restartCount": 10, "state": {"running": {}}, "ready": true}]}},
    {"metadata": {"name": "job-0", "namespace": "shop", "labels": {"app": "job"}},
     "spec": {"containers": [{"name": "a", "image": "nginx"}]},
     "status": {"phase": "Pending"}}
]}"#;

fn pods(args: &[&str]) -> Run {
    Plugin::args(["-f", "-", "-A"].into_iter().chain(args.iter().copied())).stdin(LIST).run()
}

#[test]
fn columns_are_shown_in_the_order_asked_for() {
    let run = pods(&["-C", "pod.node,metadata.labels[app],spec.containers[*].image,pod.name"]);
    run.success().prints(
        "\
NAMESPACE   NODE     APP      IMAGE         NAME
shop        n2       web      nginx,envoy   web-0
stock       n1       <none>   postgres      db-0
shop        <none>   job      nginx         job-0
",
    );
    let run = pods(&["--columns=pod.name", "-C", "spec.priority", "-L", "app", "--no-headers"]);
    run.success().prints(
        "shop    web-0   7        web\nstock   db-0    10       \nshop    job-0   <none>   job\n",
    );
}

#[test]
fn pods_are_sorted_by_values_and_not_by_texts() {
    let cases = [
        ("pod.restarts", ["job-0", "web-0", "db-0"]),
        ("-pod.restarts", ["db-0", "web-0", "job-0"]),
        ("spec.priority", ["web-0", "db-0", "job-0"]),
        ("-spec.priority", ["db-0", "web-0", "job-0"]),
        ("pod.namespace,-pod.name", ["web-0", "job-0", "db-0"]),
    ];
    for (keys, expected) in cases {
        let expected = expected.map(|name| format!("pod/{name}\n")).concat();
        pods(&["--sort", keys, "-o", "name"]).success().prints(&expected);
    }
}

#[test]
fn pods_are_shown_when_all_conditions_hold() {
    let cases: [(&[&str], &str); 5] = [
        (&["--filter", "pod.restarts>2"], "pod/db-0\n"),
        (&["--filter", "pod.status!=Running"], "pod/job-0\n"),
        (&["--filter", "spec.containers[*].image=nginx"], "pod/web-0\npod/job-0\n"),
        (
            &[
                "--filter",
                "spec.containers[*].image=nginx",
                "--filter",
                "pod.namespace=shop",
                "--filter=pod.node!=",
            ],
            "pod/web-0\n",
        ),
        (&["--filter", "pod.name>a", "--sort", "pod.name"], "pod/db-0\npod/job-0\npod/web-0\n"),
    ];
    for (flags, expected) in cases {
        pods(&[flags, &["-o", "name"]].concat()).success().prints(expected);
    }
    let run = pods(&["--filter", "pod.name=no"]).success();
    run.complains("No resources found\n").prints("");
    let run =
        pods(&["--filter", "pod.restarts>2", "-o", "guest:by-node", "--no-headers"]).success();
    run.prints("n1: 1 pod\n  stock   db-0   1/1   Running   10    <unknown>\n");
}

#[test]
fn several_namespaces_are_shown_together() {
    let pods = |namespaces: &str| {
        Plugin::args(["-f", "-", "-n", namespaces, "-C", "pod.name", "--no-headers"])
            .stdin(LIST)
            .run()
    };
    pods("shop").success().prints("web-0\njob-0\n");
    pods("stock,shop,stock").success().prints("shop    web-0\nstock   db-0\nshop    job-0\n");
    pods("stock,none").success().prints("stock   db-0\n");
    pods(",").exits(1).complains("error: --namespace \",\" names no namespace\n");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let filter = "is no filter: a filter is a column, one of = != < <= > >=, and a value";
    let cases: [(&[&str], String); 14] = [
        (&["-C", ""], "error: --columns has an empty name in it".into()),
        (&["-C", "pod.name,"], "error: --columns has an empty name in it".into()),
        (&["--sort", ","], "error: --sort has an empty name in it".into()),
        (
            &["-C", "pod.name", "--show-kind"],
            "error: --columns and --show-kind cannot be used together".into(),
        ),
        (
            &["-L", "app", "-o", "guest:csv"],
            "error: --show-kind and -L work with tables, not with -o guest:csv".into(),
        ),
        (&["-C", "pod.nme"], r#"error: unknown column "pod.nme", did you mean "pod.name"?"#.into()),
        (
            &["--sort", "pod.nme"],
            r#"error: unknown column "pod.nme", did you mean "pod.name"?"#.into(),
        ),
        (&["--filter", "pod.name"], format!(r#"error: "pod.name" {filter}"#)),
        (
            &["--filter", "pod.restarts>many"],
            r#"error: pod.restarts is a number, it cannot be compared with "many""#.into(),
        ),
        (
            &["-C", "pod.name", "-o", "wide"],
            "error: --columns and -o wide cannot be used together: both say what is shown".into(),
        ),
        (
            &["--sort", "pod.name", "-o", "json"],
            "error: --sort and --filter work with tables, -o name and guests, not with -o json"
                .into(),
        ),
        (
            &["--sort", "pod.name", "--sort-by", ".metadata.name"],
            "--sort-by and --sort cannot be used together".into(),
        ),
        (&["-C", "pod.name", "-w"], "--watch and --columns cannot be used together".into()),
        (
            &["-n", "a,b", "-o", "jsonpath={}"],
            "-o jsonpath and -n a,b cannot be used together".into(),
        ),
    ];
    for (flags, complaint) in cases {
        let run = pods(flags).exits(1).prints("");
        run.complains(&complaint);
    }
    let verbs: [&[&str]; 3] =
        [&["check", "10.0.0.1:80"], &["curl", "10.0.0.1"], &["monitor", "status"]];
    for verb in verbs {
        let run = Plugin::args(verb.iter().copied().chain(["-n", "a,b"])).run().exits(1);
        run.complains(r#"error: --namespace "a,b" names several namespaces: only a list can show them together"#);
    }
}

#[test]
fn values_of_several_kinds_have_an_order() {
    let port = |index: usize| match index % 3 {
        0 => "80".to_owned(),
        1 => r#""http""#.to_owned(),
        _ => r#""8a""#.to_owned(),
    };
    let pod = |index| {
        format!(r#"{{"metadata": {{"name": "p{index}"}}, "spec": {{"x": {}}}}}"#, port(index))
    };
    let items = (0..60).map(pod).collect::<Vec<_>>().join(",");
    let list = format!(r#"{{"kind": "List", "items": [{items}]}}"#);
    let run = Plugin::args(["-f", "-", "--sort", "spec.x", "-C", "spec.x", "--no-headers"]);
    let run = run.stdin(list).run().success();
    run.prints(&["80\n".repeat(20), "8a\n".repeat(20), "http\n".repeat(20)].concat());
}

#[test]
fn keys_of_digits_are_keys() {
    let list =
        r#"{"kind": "List", "items": [{"metadata": {"name": "web", "labels": {"2024": "yes"}}}]}"#;
    let run = Plugin::args(["-f", "-", "--filter", "metadata.labels[2024]=yes", "-o", "name"]);
    run.stdin(list).run().success().prints("pod/web\n");
}

#[test]
fn cells_alone_are_not_asked_for_more() {
    let table = r#"{"kind": "Table", "columnDefinitions": [{"name": "Name", "type": "string", "format": "name"}],
        "rows": [{"cells": ["web"]}]}"#;
    let run =
        |flags: &[&str]| Plugin::args(["-f", "-"].iter().chain(flags).copied()).stdin(table).run();
    run(&["-C", "pod.name", "--filter", "pod.name=web"]).success().prints("NAME\nweb\n");
    for flags in [&["-C", "spec.x"][..], &["--filter", "spec.x=y"], &["--sort", "metadata.uid"]] {
        let complaint = "error: - is a table of cells: what is asked for is in whole pods\n";
        run(flags).exits(1).prints("").complains(complaint);
    }
}

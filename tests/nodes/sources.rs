//! Check from several nodes at once.

use serde_json::{Value, json};

use super::SOON;
use harness::{Cluster, Namespace, Run, SharedServers};

fn check_from<'a>(ns: &Namespace, nodes: impl IntoIterator<Item = &'a str>) -> harness::Command {
    let flags = nodes.into_iter().flat_map(|node| ["--from-node", node]);
    ns.pods(["check", &SharedServers::get().nginx]).args(flags)
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.story()))
}

/// Node and problem of the source, and verdict, of each entry.
fn seen(report: &Value) -> Vec<[&Value; 3]> {
    let list = |name| report[name].as_array().expect("a list").iter();
    let rows = list("targets").map(|target| {
        let mut sources = list("sources");
        let source = sources.find(|source| source["id"] == target["source"]).expect("a source");
        [&source["node"], &source["problem"], &target["verdict"]]
    });
    rows.collect()
}

/// Two of the cluster's nodes.
fn two_nodes(cluster: &Cluster) -> [String; 2] {
    cluster.node_names().try_into().expect("two nodes")
}

#[test]
fn a_target_is_seen_from_every_node_that_was_named() {
    let (cluster, _servers) = (Cluster::nodes(), SharedServers::get());
    let ns = cluster.namespace("sources");
    let [one, other] = two_nodes(&cluster);
    let run = check_from(&ns, [one.as_str(), &other]).args(["-o", "json"]).run().success().quiet();
    let report = report(&run);
    let (none, open) = (Value::Null, json!("open"));
    let nodes = [json!(one), json!(other)];
    assert_eq!(seen(&report), [[&nodes[0], &none, &open], [&nodes[1], &none, &open]]);
    let pods: Vec<_> = [0, 1].map(|id| report["sources"][id]["pod"].as_str()).into();
    assert!(pods[0].is_some() && pods[1].is_some() && pods[0] != pods[1], "{report}");
    assert_eq!(ns.leftovers(), "", "the very moment it returned");
    let table = check_from(&ns, [one.as_str(), &other]).run().success();
    let lines: Vec<Vec<&str>> =
        table.stdout.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    let target = SharedServers::get().nginx.clone();
    assert_eq!(
        lines,
        [["TARGET", "FROM"], [&target, &one], [&target, &other]],
        "{}",
        table.story()
    );
}

#[test]
fn a_probe_that_cannot_start_takes_nothing_from_the_others() {
    let (cluster, _servers) = (Cluster::nodes(), SharedServers::get());
    let ns = cluster.namespace("sources-one");
    let [one, _] = two_nodes(&cluster);
    for nodes in [["nosuch", &one], [&one, "nosuch"]] {
        let run = check_from(&ns, nodes).args(["-o", "json"]).run().exits(3);
        let report = report(&run);
        let mut rows = seen(&report);
        rows.sort_by_key(|[node, ..]| *node == "nosuch");
        let [there, nowhere] = rows[..] else { panic!("{report}") };
        assert_eq!(there, [&json!(one), &Value::Null, &json!("open")]);
        assert_eq!((nowhere[0], nowhere[2]), (&json!("nosuch"), &json!("not-run")));
        let problem = nowhere[1].as_str().expect("a problem");
        assert!(problem.starts_with("Unschedulable: "), "{problem}");
        let complaint = format!("error: the probe could not do its work on nosuch: {problem}");
        assert_eq!(run.complaints(), [complaint]);
        assert!(run.took < SOON, "{}", run.story());
        assert_eq!(ns.leftovers(), "");
    }
}

#[test]
fn a_job_that_is_refused_takes_nothing_from_the_others() {
    let (cluster, _servers) = (Cluster::nodes(), SharedServers::get());
    let ns = cluster.namespace("sources-quota");
    ns.limit("one", "count/jobs.batch=1");
    let nodes = two_nodes(&cluster);
    let run = check_from(&ns, nodes.each_ref().map(String::as_str)).args(["-o", "json"]);
    let run = run.run().exits(3).complains("exceeded quota: one");
    let report = report(&run);
    let mut verdicts: Vec<_> = seen(&report).into_iter().map(|[_, _, verdict]| verdict).collect();
    verdicts.sort_by_key(|verdict| *verdict == "open");
    assert_eq!(verdicts, ["not-run", "open"], "{}", run.story());
    assert_eq!(run.complaints().len(), 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
    // Where all are refused there is nothing to report.
    ns.limit("none", "count/jobs.batch=0");
    let run = check_from(&ns, nodes.each_ref().map(String::as_str)).run().exits(1).prints("");
    assert_eq!(run.complaints().len(), 1, "{}", run.story());
    assert_eq!(ns.leftovers(), "");
}

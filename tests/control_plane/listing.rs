//! Byte parity with kubectl get pods.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use nix::sys::signal::Signal;

use super::pods::{create_awkward, create_states};
use harness::{Cluster, Namespace, Plugin, Run, same_within_seconds, wait_until};

/// A finalizer keeps a deleted pod in the list; this lets it go.
struct Held<'a>(&'a Namespace, &'static str);

impl<'a> Held<'a> {
    fn new(namespace: &'a Namespace, pod: &'static str) -> Self {
        let hold = r#"{"metadata":{"finalizers":["example.com/hold"]}}"#;
        namespace.kubectl(["patch", "pod", pod, "--type=merge", "--patch", hold]).run().success();
        let this = Self(namespace, pod);
        namespace.kubectl(["delete", "pod", pod, "--wait=false"]).run().success();
        this
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let release = r#"{"metadata":{"finalizers":null}}"#;
        self.0.kubectl(["patch", "pod", self.1, "--type=merge", "--patch", release]).run();
    }
}

#[test]
fn every_state_reads_as_kubectl_shows_it() {
    let namespace = Cluster::control_plane().namespace("states");
    create_states(&namespace);
    let _terminating = Held::new(&namespace, "backoff");
    let _terminating_in_the_end = Held::new(&namespace, "completed");
    let table = namespace.kubectl(["get", "pods"]).run().success().stdout;
    assert!(table.contains("Terminating"), "{table}");
    let lines: &[&[&str]] = &[
        &[],
        &["-o", "wide"],
        &["-owide", "--no-headers"],
        &["--no-headers"],
        &["--show-labels"],
        &["--show-kind"],
        &["--show-kind=false", "--output="],
        &["-L", "app", "-L", "example.com/n,tier"],
        &["-o", "wide", "--show-labels", "--show-kind", "-L", "app"],
        &["--chunk-size=7"],
        &["--chunk-size=1", "-o", "name"],
        &["--chunk-size=0", "-o", "json"],
        &["-o", "name"],
        &["-o", "json"],
        &["-o", "yaml"],
        &["--field-selector", "status.phase=Failed"],
        &["--field-selector", "status.phase!=Running", "-o", "wide"],
        &["--field-selector=metadata.name=oom"],
        &["running"],
        &["running", "oom", "error"],
        &["error", "oom", "-o", "name"],
        &["running", "running"],
        &["running", "-o", "json"],
        &["running", "-o", "yaml"],
        &["running", "oom", "-o", "yaml"],
        &["running", "nope"],
        &["nope", "running", "-o", "json"],
        &["nope", "running", "--ignore-not-found"],
    ];
    for line in lines {
        namespace.parity(line);
    }
}

#[test]
fn awkward_strings_come_out_as_kubectl_prints_them() {
    let namespace = Cluster::control_plane().namespace("awkward");
    create_awkward(&namespace);
    let lines: &[&[&str]] = &[
        &["-o", "json"],
        &["-o", "yaml"],
        &["-o", "JSON", "awkward-0"],
        &["-o", "yaml", "awkward-1"],
        &["-o", "yaml", "--show-managed-fields"],
        &["-o", "json", "--show-managed-fields", "awkward-2"],
        &["-l", "app=awkward", "--show-labels"],
        &["-l", "app in (awkward,x),tier"],
        &["-l", "app!=awkward"],
        &["--selector=", "-L", "app,example.com/n"],
    ];
    for line in lines {
        namespace.parity(line);
    }
}

#[test]
fn nothing_there_is_said_as_kubectl_says_it() {
    let namespace = Cluster::control_plane().namespace("empty");
    let lines: &[&[&str]] = &[
        &[],
        &["--no-headers"],
        &["-o", "wide"],
        &["-o", "json"],
        &["-o", "yaml"],
        &["-o", "name"],
        &["--ignore-not-found"],
        &["--ignore-not-found", "-o", "yaml"],
        &["nope"],
        &["nope", "--ignore-not-found"],
        &["nope", "-o", "json"],
        &["nope", "nope2", "-o", "yaml"],
        &["nope", "nope2", "-o", "json", "--ignore-not-found"],
        &["-A", "-l", "no=such-label"],
        &["-A", "-l", "no=such-label", "-o", "json"],
    ];
    for line in lines {
        namespace.parity(line);
    }
}

#[test]
fn all_namespaces_have_a_column() {
    let cluster = Cluster::control_plane();
    let (one, two) = (cluster.namespace("all-one"), cluster.namespace("all-another"));
    let label = one.name.as_str();
    for namespace in [&one, &two] {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: web, labels: {{run: {label}}}}}, \
             spec: {{schedulingGates: [{{name: example.com/never}}], containers: [{{name: a, image: a}}]}}}}"
        );
        namespace.apply(&pod);
    }
    let selector = format!("run={label}");
    for more in [&[][..], &["-o", "wide"], &["--show-labels"], &["-o", "name"], &["-o", "yaml"]] {
        let words = [&["-A", "-l", selector.as_str()], more].concat();
        one.parity(&words);
    }
}

#[test]
fn several_namespaces_come_in_the_order_asked_for() {
    let cluster = Cluster::control_plane();
    let (one, other) = (cluster.namespace("one"), cluster.namespace("other"));
    create_states(&one);
    create_awkward(&other);
    let kubectl = |namespace: &Namespace, args: &[&str]| {
        namespace.kubectl(["get", "pods"].iter().chain(args).copied()).run().success().stdout
    };
    let several = format!("{},{}", other.name, one.name);
    let ours = cluster.pods(["-n", &several, "-o", "name"]).run().success().stdout;
    let theirs = kubectl(&other, &["-o", "name"]) + &kubectl(&one, &["-o", "name"]);
    assert_eq!(ours, theirs);
    let ours = cluster.pods(["-n", &several, "--no-headers"]).run().success().stdout;
    let place = |line: &str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    let names = |namespace: &Namespace| {
        let lines = kubectl(namespace, &["--no-headers"]);
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        lines.lines().map(|line| vec![namespace.name.clone(), first(line)]).collect::<Vec<_>>()
    };
    assert_eq!(ours.lines().map(place).collect::<Vec<_>>(), [names(&other), names(&one)].concat());

    let list: serde_json::Value =
        serde_json::from_str(&cluster.pods(["-n", &several, "-o", "json"]).run().success().stdout)
            .expect("JSON");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(theirs.lines().count()));

    let none = cluster.pods(["-n", "no-such,none-such"]).run().success().prints("");
    assert_eq!(none.stderr, "No resources found in no-such, none-such namespaces.\n");
    let refused = cluster.pods(["-n", &several, "running"]).run().exits(1);
    refused.complains("a resource cannot be retrieved by name across several namespaces");
}

#[test]
fn conditions_and_sorts_go_with_the_servers_own_cells() {
    let namespace = Cluster::control_plane().namespace("arranged");
    create_states(&namespace);
    let pods = |args: &[&str]| namespace.pods(args.iter().copied()).run().success().stdout;
    let all = pods(&["--no-headers"]);
    let kept = pods(&["--no-headers", "--filter", "pod.status=Running"]);
    let status = |line: &&str| line.split_whitespace().nth(2) == Some("Running");
    let names = |text: &str| {
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        text.lines().map(first).collect::<Vec<_>>()
    };
    let running: Vec<&str> = all.lines().filter(status).collect();
    assert!(!running.is_empty() && running.len() < all.lines().count(), "{all}");
    assert_eq!(names(&kept), names(&running.join("\n")));
    let mut sorted = names(&all);
    sorted.sort();
    sorted.reverse();
    assert_eq!(names(&pods(&["--no-headers", "--sort", "-pod.name"])), sorted);
    // What no cell has is fetched for it.
    let uids = pods(&["-C", "metadata.uid", "--sort", "metadata.uid", "--no-headers"]);
    let theirs = namespace.kubectl(["get", "pods", "-o", "jsonpath={.items[*].metadata.uid}"]);
    let mut theirs: Vec<_> =
        theirs.run().success().stdout.split_whitespace().map(str::to_owned).collect();
    theirs.sort();
    assert_eq!(names(&uids), theirs);
}

#[test]
fn a_pod_may_be_called_like_a_verb() {
    let namespace = Cluster::control_plane().namespace("verbs");
    for name in ["check", "get"] {
        namespace.apply(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, \
             spec: {{schedulingGates: [{{name: example.com/never}}], containers: [{{name: a, image: a}}]}}}}"
        ));
    }
    let theirs = namespace.kubectl(["get", "pods", "check", "get", "-o", "name"]).run().success();
    let ours = namespace.pods(["get", "check", "get", "-o", "name"]).run().success();
    ours.same_as(&theirs);
}

#[test]
fn cells_computed_from_a_file_are_the_servers() {
    let cluster = Cluster::control_plane();
    let namespace = cluster.namespace("engine");
    create_states(&namespace);
    let _terminating = Held::new(&namespace, "backoff");
    let _terminating_in_the_end = Held::new(&namespace, "completed");
    let saved = namespace.kubectl(["get", "pods", "-o", "json"]).run().success();
    let yaml = namespace.kubectl(["get", "pods", "-o", "yaml"]).run().success();
    for saved in [&saved.stdout_bytes, &yaml.stdout_bytes] {
        same_within_seconds(
            || Plugin::args(["-f", "-", "-o", "wide"]).stdin(saved).run(),
            || namespace.kubectl(["get", "pods", "-o", "wide"]).run(),
        );
    }
}

#[test]
fn a_signal_ends_a_list_at_any_moment() {
    let namespace = Cluster::control_plane().namespace("list-signal");
    create_states(&namespace);
    // One request for each pod: as slow as a list can be made.
    let words = ["-o", "yaml", "--chunk-size=1"];
    let whole = namespace.pods(words).run().success();
    let mut stopped = 0;
    for step in 0..10 {
        let signal = if step % 2 == 0 { Signal::SIGINT } else { Signal::SIGTERM };
        let (status, took) = namespace.pods(words).signalled(signal, whole.took * step / 10);
        let died = status.signal() == Some(signal as i32);
        assert!(died || status.success(), "step {step}: {status}");
        assert!(took < whole.took.max(Duration::from_secs(5)), "step {step}: {took:?}");
        stopped += u32::from(died);
    }
    assert!(stopped >= 3, "only {stopped} lists were stopped before their end");
}

/// So many pods that those of all namespaces are asked for namespace by namespace.
const MANY: usize = 620;

/// Pods with odd names in one namespace, and so many in another that nobody asks for all of them at once.
fn fill(many: &Namespace, few: &Namespace) {
    let pod = |name: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: '{name}'}}, spec: {{schedulingGates: \
             [{{name: example.com/never}}], containers: [{{name: a, image: a}}]}}}}\n"
        )
    };
    let names = (0..MANY).map(|index| format!("web-{index}"));
    many.kubectl(["create", "-f", "-"])
        .stdin(names.map(|name| pod(&name)).collect::<String>())
        .run()
        .success();
    let odd = ["a", "a.b", "a-b", "a0", "0", "z.0", "z-0", "z"].map(pod).concat();
    few.kubectl(["create", "-f", "-"]).stdin(&odd).run().success();
}

/// Place of AGE among the columns of `-A`.
const AGE: usize = 5;

/// All cells but the age of the pods in the test's namespaces: other tests make pods meanwhile.
fn keys(run: &Run, prefix: &str) -> Vec<String> {
    let lines = run.stdout.lines().filter(|line| line.starts_with(prefix));
    // Pods that never ran have one word each in RESTARTS and AGE. The age may grow between two lists.
    let words = |line: &str| {
        let words = line.split_whitespace().enumerate().filter(|(place, _)| *place != AGE);
        words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
    };
    lines.map(words).collect()
}

#[test]
fn many_pods_of_all_namespaces_come_in_kubectls_order() {
    let cluster = Cluster::control_plane();
    let (many, few) = (cluster.namespace("everywhere"), cluster.namespace("everywhere-odd"));
    let _empty = cluster.namespace("everywhere-empty");
    fill(&many, &few);
    // One who may list pods, but not namespaces.
    let user = format!("lists-pods-in-{}", many.name);
    let done = |words: &[&str]| {
        cluster.kubectl(words.iter().copied()).run().success();
    };
    let (role, subject) = (format!("--clusterrole={user}"), format!("--user={user}"));
    done(&["create", "clusterrole", &user, "--verb=list", "--resource=pods"]);
    done(&["create", "clusterrolebinding", &user, &role, &subject]);
    let allowed = ["auth", "can-i", "list", "pods", "-A", "--as", &user];
    wait_until("the rights to count", Duration::from_secs(30), || {
        cluster.kubectl(allowed).run().code == 0
    });
    for more in [&[][..], &["-o", "wide"], &["--as", &user]] {
        let words = || ["-A"].iter().chain(more).copied();
        let theirs = cluster.kubectl(["get", "pods"]).args(words()).run().success();
        let ours = cluster.pods(words()).run().success();
        let expected = keys(&theirs, "everywhere");
        assert!(expected.len() >= MANY + 8, "{} pods", expected.len());
        assert_eq!(keys(&ours, "everywhere"), expected, "{more:?}");
    }
    done(&["delete", "clusterrole,clusterrolebinding", &user]);
}

#[test]
fn who_may_list_one_namespace_is_refused_the_others() {
    let cluster = Cluster::control_plane();
    let namespace = cluster.namespace("only-here");
    namespace.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {schedulingGates: \
         [{name: example.com/never}], containers: [{name: a, image: a}]}}",
    );
    let role = include_str!("../../deploy/rights-get.yaml");
    let user = namespace.grant("lists-pods", role, |_| ());
    namespace.pods(["web", "--as", &user]).run().success();
    let shown = namespace.pods(["--as", &user]).run().success().stdout;
    assert!(shown.contains("web"), "{shown}");
    for more in [&[][..], &["-o", "wide"], &["-o", "name"], &["--show-labels"], &["-o", "json"]] {
        let words = [&["-A", "--as", user.as_str()], more].concat();
        let refused = cluster.pods(words.iter().copied()).run();
        assert!(refused.code == 1 && refused.stderr.contains("forbidden"), "{}", refused.story());
        namespace.parity(&words);
    }
}

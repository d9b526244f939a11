//! Check on two nodes: what holds, what fails, what cannot be judged, and that nothing stays.

use std::time::Duration;

use serde_json::{Value, json};

use super::SOON;
use harness::{
    Cluster, Namespace, Run, SharedServers, closed_pipe, side_by_side, start_article_servers,
    wait_until,
};

/// Nothing listens there, on any node: a pull fails at once.
const MISSING_IMAGE: [&str; 2] = ["--probe-image", "localhost:1/missing:1"];

/// A node that somebody named comes from nowhere: that is no matter of time.
const NO_NODE: &str = "Unschedulable: there is no node \"nosuch\"";

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.story()))
}

/// Waits until all of them are reached from every node: each kube-proxy needs its own time to know a Service.
fn wait_for_all(ns: &Namespace, targets: &[&str]) {
    let nodes = ns.cluster.node_names();
    let nodes: Vec<&str> = nodes.iter().flat_map(|node| ["--from-node", node]).collect();
    let words = [&["check"], targets, &nodes].concat();
    wait_until(&words.join(" "), Duration::from_mins(1), || {
        ns.pods(words.iter().copied()).run().code == 0
    });
}

fn with_servers(prefix: &str) -> Namespace {
    let ns = Cluster::nodes().namespace(prefix);
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    wait_for_all(&ns, &["svc/web", "svc/headless"]);
    ns
}

#[test]
fn what_is_up_is_open_with_a_latency() {
    let ns = with_servers("check-up");
    let targets = ["nginx-ser", "httpd-ser", "svc/web", "svc/headless", "nginx-ser:80/"];
    let run = ns.pods(["check"]).args(targets).args(["-o", "json", "--attempts", "3"]).run();
    let report = report(&run.success());
    assert!(report["sources"][0]["node"].is_string(), "{report}");
    for (target, name) in report["targets"].as_array().expect("a list").iter().zip(targets) {
        assert_eq!(target["target"], name);
        assert_eq!(target["verdict"], "open", "{target}");
        assert_eq!(target["held"], 3, "{target}");
        for latency in ["connect", "rtt", "total"] {
            let seconds = target["latency"][latency]["median_seconds"].as_f64();
            assert!(seconds.is_some_and(|s| s > 0.0 && s < 10.0), "{latency} of {target}");
        }
    }
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn more_attempts_than_a_log_can_carry_come_back_summed_up() {
    let ns = with_servers("check-summed");
    let run = ns.pods(["check", "-o", "json", "--attempts", "1000", "--protocol", "tcp"]);
    let report = report(&run.args(["nginx-ser"; 7]).run().success());
    let targets = report["targets"].as_array().expect("a list");
    assert_eq!(targets.len(), 7, "{report}");
    for target in targets {
        assert_eq!((&target["held"], &target["summed_up"]), (&json!(1000), &json!(true)));
        assert!(target["latency"]["rtt"]["median_seconds"].is_f64(), "{target}");
    }
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn a_stopped_target_gives_2() {
    let ns = with_servers("check-stopped");
    ns.apply(include_str!("../fixtures/ended.yaml"));
    let phase = "jsonpath={.status.phase}";
    wait_until("the pod to end", Duration::from_mins(1), || {
        ns.kubectl(["get", "pod", "ended", "-o", phase]).run().stdout == "Succeeded"
    });
    let cases = [
        ("a port without a listener", "nginx-ser:81", "refused"),
        ("a pod that has ended", "ended:80", "stopped"),
        ("a Service without endpoints", "svc/deserted", "rejected"),
    ];
    for (name, target, verdict) in cases {
        let run = ns.pods(["check", "httpd-ser", target, "-o", "json"]).run().exits(2);
        let report = report(&run);
        assert_eq!(report["targets"][0]["verdict"], "open", "{name}\n{}", run.story());
        assert_eq!(report["targets"][1]["verdict"], verdict, "{name}\n{}", run.story());
        assert!(report["targets"][1]["latency"]["total"].is_null(), "{name}");
    }
    ns.kubectl(["delete", "pod", "nginx-ser", "--now"]).run().success();
    // One wrong name takes the answer of no other away.
    let run = ns.pods(["check", "nginx-ser", "httpd-ser", "-o", "json"]).run().exits(2);
    let report = report(&run);
    let [absent, open] = [0, 1].map(|target| &report["targets"][target]);
    assert_eq!((&absent["verdict"], &open["verdict"]), (&json!("absent"), &json!("open")));
    assert_eq!(absent["message"], "Error from server (NotFound): pods \"nginx-ser\" not found");
    assert_eq!(absent["causes"][0]["kind"], "missing", "{absent}");
}

#[test]
fn a_probe_that_cannot_run_says_why_within_seconds() {
    let (cluster, servers) = (Cluster::nodes(), SharedServers::get());
    let no_program = ["--probe-image", "docker.io/curlimages/curl:latest"];
    let cases: [(&str, &[&str], &str, &str); 4] = [
        ("missing image", &MISSING_IMAGE, "ErrImagePull: ", "kubectl pods image load"),
        ("bad image name", &["--probe-image", "No Image"], "InvalidImageName: ", "; correct --"),
        ("no such node", &["--from-node", "nosuch"], NO_NODE, "; kubectl get nodes"),
        ("another program", &no_program, "the probe wrote no result", ""),
    ];
    let namespace = || cluster.namespace("check-trouble");
    side_by_side(cases, namespace, |ns, (name, flags, reason, advice)| {
        for (verb, prints) in [("check", "not-run"), ("curl", "")] {
            let run = ns.pods([verb, &servers.nginx]).args(flags.iter().copied()).run().exits(3);
            let run = run.complains(reason).complains(advice);
            assert_eq!(run.complaints().len(), 1, "{name}\n{}", run.story());
            assert!(run.stdout.contains(prints), "{name}\n{}", run.story());
            assert_eq!(run.stdout.is_empty(), prints.is_empty(), "{name}\n{}", run.story());
            assert!(run.took < SOON, "{name}\n{}", run.story());
            assert_eq!(ns.leftovers(), "", "{name}");
        }
    });
}

#[test]
fn what_the_namespace_refuses_is_said() {
    let (ns, servers) = (Cluster::nodes().namespace("check-quota"), SharedServers::get());
    ns.limit("pods", "count/pods=0");
    for verb in ["check", "curl"] {
        let run = ns.pods([verb, &servers.nginx]).run().exits(3).complains("exceeded quota: pods");
        assert!(run.took < SOON, "{}", run.story());
        assert_eq!(ns.leftovers(), "", "{verb}");
    }
    ns.limit("jobs", "count/jobs.batch=0");
    for verb in ["check", "curl"] {
        let run = ns.pods([verb, &servers.nginx]).run().exits(1);
        let run = run.complains("Error from server (Forbidden): jobs.batch \"kubectl-pods-");
        assert_eq!(run.stdout, "");
        assert_eq!(ns.leftovers(), "", "{verb}");
    }
}

/// The documented role.
const RIGHTS: &str = include_str!("../../deploy/rights-check.yaml");

/// Every kind of target.
const EVERY_KIND: [&str; 7] =
    ["nginx-ser", "svc/web", "svc/headless", "deploy/web", "sts/web", "ds/web", "job/web"];

/// A ServiceAccount with the documented rights less these rules; gives its user name.
fn account_without(ns: &Namespace, name: &str, without: &[usize]) -> String {
    ns.grant(name, RIGHTS, |rules| {
        let mut place = 0..;
        rules.retain(|_| place.next().is_none_or(|place| !without.contains(&place)));
    })
}

#[test]
fn the_documented_role_is_enough_and_each_right_is_missed_by_name() {
    let ns = &with_servers("check-rights");
    ns.apply(include_str!("../fixtures/workloads.yaml"));
    wait_for_all(ns, &EVERY_KIND);
    let run = |verb: &str, targets: &[&str], user: &str| {
        ns.pods([verb]).args(targets.iter().copied()).args(["--as", user]).run()
    };
    let nothing = "Error from server (Forbidden): pods \"nginx-ser\"";
    run("check", &EVERY_KIND, "nobody").exits(1).complains(nothing);
    let user = account_without(ns, "all", &[]);
    run("check", &EVERY_KIND, &user).success();
    // curl takes port 80 where none is named.
    for target in EVERY_KIND.iter().map(|target| target.replace("svc/web", "svc/web:8081")) {
        run("curl", &[&target], &user).success();
    }
    assert_eq!(ns.leftovers(), "");
    let cases = [
        (0, "nginx-ser", "cannot create resource \"jobs\""),
        (1, "nginx-ser", "cannot get resource \"pods\""),
        (2, "nginx-ser", "cannot get resource \"pods/log\""),
        (3, "svc/web", "cannot get resource \"services\""),
        (4, "svc/headless", "cannot list resource \"endpointslices\""),
        (5, "deploy/web", "cannot get resource \"deployments\""),
        (5, "sts/web", "cannot get resource \"statefulsets\""),
        (5, "ds/web", "cannot get resource \"daemonsets\""),
        (6, "job/web", "cannot get resource \"jobs\""),
    ];
    side_by_side(
        cases,
        || (),
        |(), (rule, target, complaint)| {
            let name = format!("without-{rule}-{}", target.replace('/', "-"));
            let user = account_without(ns, &name, &[rule]);
            for verb in ["check", "curl"] {
                let run = run(verb, &[target], &user).exits(1).complains(complaint).prints("");
                assert_eq!(run.complaints().len(), 1, "{}", run.story());
                assert!(run.took < SOON, "{}", run.story());
            }
        },
    );
    ns.wait_clean(Duration::from_secs(20));
    // Those to delete pods, to read events and to name causes only make it better.
    let user = account_without(ns, "without-advice", &[4, 7, 8, 9, 10, 11, 12, 13]);
    run("check", &["nginx-ser", "svc/web"], &user).success();
    let run = run("check", &["svc/deserted", "-o", "wide"], &user).exits(2);
    let unseen = "endpoints   not looked at   no right to list endpointslices in namespace";
    assert!(
        run.stdout.contains("svc/deserted selects app=nobody, which no pod"),
        "{}",
        run.story()
    );
    assert!(run.stdout.contains(unseen), "{}", run.story());
    ns.wait_clean(Duration::from_secs(20));
    assert_eq!(
        RIGHTS.matches("apiGroups").count(),
        14,
        "every rule is in this test or in that of --carrier"
    );
}

#[test]
fn a_restricted_namespace_accepts_the_probe() {
    let (cluster, servers) = (Cluster::nodes(), SharedServers::get());
    let ns = cluster.namespace("check-restricted");
    for level in ["enforce", "warn"] {
        let label = format!("pod-security.kubernetes.io/{level}=restricted");
        cluster.kubectl(["label", "namespace", &ns.name, &label]).run().success();
    }
    let run = ns.pods(["check", &servers.nginx]).run().success();
    assert_eq!(run.stderr, "", "not even a warning\n{}", run.story());
}

#[test]
fn a_pod_deleted_under_us_is_no_verdict() {
    let ns = Cluster::nodes().namespace("check-deleted");
    start_article_servers(&ns);
    let image = format!("{}:80/silent:1", ns.pod_ip("nginx-ser"));
    // Its workers still have connections made, by the kernel, and never say a word: so the probe, or its image, has to wait.
    ns.kubectl(["exec", "nginx-ser", "--", "sh", "-c", "kill -s STOP -1"]).run().success();
    let label = "app.kubernetes.io/managed-by=kubectl-pods";
    let phase = ["get", "pods", "-l", label, "-o", "jsonpath={.items[*].status.phase}"];
    let cases: [(&[&str], &str); 2] =
        [(&["--probe-image", &image], "Pending"), (&["--timeout", "60s"], "Running")];
    for (flags, state) in cases {
        let command = ns.pods(["check", "nginx-ser"]).args(flags.iter().copied());
        let child = command.spawn();
        wait_until(state, Duration::from_secs(20), || {
            ns.kubectl(phase).run().success().stdout == state
        });
        ns.kubectl(["delete", "pods", "-l", label, "--now"]).run().success();
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{state}: {stderr}");
        assert!(stderr.contains("its pod was deleted"), "{state}: {stderr}");
        assert_eq!(ns.leftovers(), "", "{state}");
    }
}

#[test]
fn a_closed_pipe_is_no_news_and_leaves_nothing() {
    let (ns, servers) = (Cluster::nodes().namespace("check-pipe"), SharedServers::get());
    let command = ns.pods(["check", &servers.nginx]);
    let output = command.std().stdout(closed_pipe()).output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(ns.leftovers(), "");
}

//! The article's walk, end to end, with kubectl beside us: run, apply, get, wide, yaml, describe, logs, edit, delete,
//! and then its exercise: an nginx and an httpd pod, and one request to each from inside.

use std::time::Duration;

use harness::{Cluster, Namespace, Run, wait_until};

const SERVERS: [(&str, &str, &str); 2] = [
    ("nginx-ser", "docker.io/library/nginx:latest", "Welcome to nginx!"),
    ("httpd-ser", "docker.io/library/httpd:latest", "It works!"),
];

#[test]
fn the_article_from_run_to_delete() {
    let ns = Cluster::nodes().namespace("article");
    for (name, image, _) in SERVERS {
        apply_what_dry_run_prints(&ns, name, image);
    }
    for (name, _, _) in SERVERS {
        ns.wait_ready(name);
    }
    for words in [&[][..], &["-o", "wide"], &["nginx-ser", "-o", "yaml"], &["-o", "name"]] {
        ns.parity(words);
    }
    let described = ns.kubectl(["describe", "pod", "nginx-ser"]).run().success().stdout;
    assert!(described.contains("Status:           Running"), "{described}");
    exercise(&ns);
    edit(&ns);
    round_trip(&ns);
    exercise(&ns);
    ns.kubectl(["delete", "pod", "nginx-ser", "httpd-ser", "--now"]).run().success();
    ns.parity(&[]);
    ns.pods([""; 0]).run().success().complains("No resources found in");
}

/// `kubectl run --dry-run=client -o yaml`, then `apply` of what it printed.
fn apply_what_dry_run_prints(ns: &Namespace, name: &str, image: &str) {
    let image = format!("--image={image}");
    let words = ["run", name, &image, "--image-pull-policy=IfNotPresent", "--port=80"];
    let manifest = ns.kubectl(words).args(["--dry-run=client", "-o", "yaml"]).run().success();
    assert!(ns.kubectl(["get", "pod", name]).run().code == 1, "a dry run makes no pod");
    ns.apply(&manifest.stdout);
}

/// One request to each server, ours and the article's; both bring the same page, and the server logged both.
fn exercise(ns: &Namespace) {
    for (name, _, page) in SERVERS {
        let ours = ns.pods(["curl", name]).run().success().quiet();
        assert!(ours.stdout.contains(page), "{}", ours.story());
        let theirs = curl_as_in_the_article(ns, name);
        // kubectl adds its own chatter, and sometimes prints the page twice.
        assert!(theirs.stdout.contains(&ours.stdout), "{}\n{}", ours.story(), theirs.story());
        let logged = ns.kubectl(["logs", name]).run().success();
        let requests = logged.stdout.matches("GET / HTTP/1.1").count();
        assert!(requests >= 2, "{name} logged {requests} requests\n{}", logged.story());
    }
    assert_eq!(ns.leftovers(), "");
}

/// `kubectl run curl … -it --rm` against a server. kubectl attaches to a pod that may have ended by then, and at times
/// loses the whole page; it is asked again then, and never more than three times.
fn curl_as_in_the_article(ns: &Namespace, server: &str) -> Run {
    let words = ["get", "pod", server, "-o", "jsonpath={.status.podIP}"];
    let url = format!("http://{}", ns.kubectl(words).run().success().stdout);
    let words = "run curl --image=docker.io/curlimages/curl:latest --image-pull-policy=IfNotPresent \
                 --restart=Never -it --rm -- --silent";
    let mut theirs = Vec::new();
    while theirs.len() < 3 && !theirs.last().is_some_and(|run: &Run| run.stdout.contains("<html>"))
    {
        theirs.push(ns.kubectl(words.split_whitespace()).args([&url]).run());
        wait_until("the curl pod of kubectl to go", Duration::from_secs(30), || {
            ns.kubectl(["get", "pod", "curl"]).run().code == 1
        });
    }
    theirs.pop().expect("it ran at least once").success()
}

/// What `kubectl edit` sends: a patch. The list shows it at once, as kubectl's does.
fn edit(ns: &Namespace) {
    let patch = r#"{"metadata":{"labels":{"edited":"yes"}}}"#;
    ns.kubectl(["patch", "pod", "nginx-ser", "--patch", patch]).run().success();
    ns.parity(&["-l", "edited=yes"]);
    ns.pods(["-l", "edited=yes", "-o", "name"]).run().success().prints("pod/nginx-ser\n");
}

/// Our own `-o yaml` of a pod, deleted and applied again, makes the same pod run.
fn round_trip(ns: &Namespace) {
    for (name, image, _) in SERVERS {
        let manifest = ns.pods([name, "-o", "yaml"]).run().success().stdout;
        ns.kubectl(["delete", "pod", name, "--now"]).run().success();
        ns.apply(&manifest);
        ns.wait_ready(name);
        let again = ns.kubectl(["get", "pod", name, "-o", "jsonpath={.spec.containers[0].image}"]);
        again.run().success().prints(image);
    }
}

//! Ways to the server: trust, reachability.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use serde_json::{Value, json};

use harness::{Cluster, Command, Plugin, Run};

/// The current context's configuration, certificates included.
pub(super) fn configuration(cluster: &Cluster) -> Value {
    let view = ["config", "view", "--raw", "--minify", "--flatten", "-o", "json"];
    let run = cluster.kubectl(view).run().success();
    serde_json::from_slice(&run.stdout_bytes).expect("kubectl prints JSON")
}

/// A kubeconfig file with one cluster and one user.
pub(super) fn kubeconfig(folder: &Path, cluster: &Value, user: &Value) -> String {
    let path = folder.join("config");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "u", "user": user }],
        "contexts": [{ "name": "x", "context": { "cluster": "c", "user": "u" } }],
    });
    fs::write(&path, config.to_string()).expect("a kubeconfig can be written");
    path.display().to_string()
}

fn kubectl_says(cluster: &Cluster, config: &str) -> String {
    let run = cluster.kubectl(["get", "pods", "--kubeconfig", config]).run().exits(1);
    let last = run.stderr.lines().rfind(|line| !line.contains(" memcache.go:"));
    format!("{}\n", last.unwrap_or_default())
}

#[track_caller]
fn refuses_as_kubectl(cluster: &Cluster, config: &str) -> Run {
    let run = Plugin::args(["--kubeconfig", config]).run().exits(1).prints("");
    assert_eq!(run.stderr, kubectl_says(cluster, config), "{}", run.story());
    run
}

#[test]
fn a_server_is_not_trusted_without_reason() {
    let cluster = Cluster::control_plane();
    let folder = tempfile::tempdir().expect("a folder");
    let config = configuration(&cluster);
    let server = &config["clusters"][0]["cluster"]["server"];
    let authority = &config["clusters"][0]["cluster"]["certificate-authority-data"];
    let user = json!({ "token": "x" });

    let stranger = kubeconfig(folder.path(), &json!({ "server": server }), &user);
    refuses_as_kubectl(&cluster, &stranger).complains("certificate signed by unknown authority");

    let misnamed = json!({ "server": server, "certificate-authority-data": authority, "tls-server-name": "elsewhere.example" });
    let misnamed = kubeconfig(folder.path(), &misnamed, &user);
    refuses_as_kubectl(&cluster, &misnamed).complains("not elsewhere.example");
}

#[test]
fn a_wrong_token_is_no_login() {
    let cluster = Cluster::control_plane();
    let folder = tempfile::tempdir().expect("a folder");
    let config = configuration(&cluster);
    let config =
        kubeconfig(folder.path(), &config["clusters"][0]["cluster"], &json!({ "token": "wrong" }));
    // The server's word for it. kubectl says so too, unless it first has to look up the API's resources.
    let run = Plugin::args(["--kubeconfig", &config]).run().exits(1).prints("");
    assert_eq!(run.stderr, "error: You must be logged in to the server (Unauthorized)\n");
    // With a list format too there is nothing on stdout.
    Plugin::args(["--kubeconfig", &config, "-o", "json"]).run().exits(1).prints("");
}

#[test]
fn kubeconfig_lists_merge_as_kubectls() {
    let cluster = Cluster::control_plane();
    let folder = tempfile::tempdir().expect("a folder");
    let real = configuration(&cluster);
    let config =
        kubeconfig(folder.path(), &real["clusters"][0]["cluster"], &real["users"][0]["user"]);
    let empty = folder.path().join("empty");
    fs::write(&empty, "current-context: ''\n").expect("written");
    let list = format!("/no/such/file:{}::{config}", empty.display());
    let run = |program: Command| program.env("KUBECONFIG", list.as_str()).run();
    let theirs = run(cluster.kubectl(["get", "pods", "-n", "no-such-namespace"])).success();
    let ours = run(Plugin::args(["-n", "no-such-namespace"])).success();
    ours.same_as(&theirs);
}

#[test]
fn unreachable_servers_are_told_apart() {
    let refused = "https://127.0.0.1:1";
    Plugin::args(["-s", refused]).run().exits(1).prints("").complains(
        "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n",
    );
    Plugin::args(["-s", "https://no-such-host.invalid"])
        .run()
        .exits(1)
        .prints("")
        .complains("Unable to connect to the server: dial tcp: lookup no-such-host.invalid");

    // A server that accepts and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let run = Plugin::args(["-s", &address, "--request-timeout", "1"]).run().exits(1).prints("");
    assert!(run.took < Duration::from_secs(10), "{}", run.story());
    run.complains("Unable to connect to the server: context deadline exceeded");
}

#[test]
fn without_any_kubeconfig_kubectls_default_is_tried() {
    let run = Plugin::args([] as [&str; 0]).run().exits(1).prints("");
    run.complains("The connection to the server localhost:8080 was refused");
}

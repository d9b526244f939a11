//! Who we are, where that has to be asked: credential plugins and token files.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::connection::{configuration, kubeconfig};
use harness::{Cluster, Plugin, Run};

/// A certificate of nobody's in particular, and its key.
const STRANGER: &str = include_str!("../fixtures/stranger.pem");

/// Seconds that a slow login takes.
const LOGIN: u64 = 23;

const UNAUTHORIZED: &str = "error: You must be logged in to the server (Unauthorized)\n";

/// A credential plugin in a folder of its own. It counts its runs and gives the answers in turn, the last one for ever.
struct CredentialPlugin {
    folder: TempDir,
    config: String,
}

impl CredentialPlugin {
    fn answering(cluster: &Cluster, answers: &[Value]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (index, status) in answers.iter().enumerate() {
            let answer = json!({
                "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
            });
            let path = folder.path().join(format!("answer-{}", index + 1));
            fs::write(path, answer.to_string()).expect("written");
        }
        let script = format!(
            r#"#!/bin/sh
cd "$(dirname "$0")"
echo "$KUBERNETES_EXEC_INFO $EXTRA $1" >> runs
echo talking >&2
[ ! -f slow ] || sleep {LOGIN}
n=$(wc -l < runs); [ $n -le {last} ] || n={last}
cat answer-$n
"#,
            last = answers.len()
        );
        let plugin = folder.path().join("plugin");
        fs::write(&plugin, script).expect("written");
        fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).expect("executable");
        let exec = json!({ "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "provideClusterInfo": true,
            "command": "./plugin", "args": ["word"], "env": [{ "name": "EXTRA", "value": "more" }],
        }});
        let server = &configuration(cluster)["clusters"][0]["cluster"];
        let config = kubeconfig(folder.path(), server, &exec);
        Self { folder, config }
    }

    fn pods(&self, words: &[&str]) -> Run {
        Plugin::args(["--kubeconfig", &self.config]).args(words.iter().copied()).run()
    }

    /// What the plugin was told, run by run.
    fn runs(&self) -> Vec<String> {
        let runs = fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default();
        runs.lines().map(str::to_owned).collect()
    }
}

/// The certificate of the cluster's admin, as a plugin says it.
fn admin(cluster: &Cluster) -> Value {
    let user = &configuration(cluster)["users"][0]["user"];
    let pem = |field: &str| {
        let data = user[field].as_str().expect("the admin has a client certificate");
        String::from_utf8(BASE64.decode(data).expect("base64")).expect("PEM")
    };
    json!({
        "clientCertificateData": pem("client-certificate-data"),
        "clientKeyData": pem("client-key-data"),
    })
}

fn expired(mut status: Value) -> Value {
    status["expirationTimestamp"] = json!("2001-01-01T00:00:00Z");
    status
}

#[test]
fn a_credential_plugin_runs_exactly_once() {
    let cluster = Cluster::control_plane();
    let plugin = CredentialPlugin::answering(&cluster, &[admin(&cluster)]);
    let run = plugin.pods(&["-n", "kube-system", "a", "b", "c", "--ignore-not-found"]).success();
    assert!(run.stderr.contains("talking"), "stderr is the user's\n{}", run.story());
    let runs = plugin.runs();
    assert_eq!(runs.len(), 1, "{runs:?}");
    for part in ["\"interactive\":false", "\"server\":", " more word"] {
        assert!(runs[0].contains(part), "{part} in {runs:?}");
    }
}

/// Whoever has to log in takes their time: the limit of lookups, here 21 s, begins after it.
#[test]
fn a_slow_login_is_not_the_servers_silence() {
    let cluster = Cluster::control_plane();
    let plugin = CredentialPlugin::answering(&cluster, &[admin(&cluster)]);
    fs::write(plugin.folder.path().join("slow"), "").expect("written");
    let words = ["check", "svc/nosuch", "-n", "kube-system", "--start-timeout", "1s"];
    let run = plugin.pods(&words).exits(2);
    assert!(run.stdout.contains("there is no Service nosuch"), "{}", run.story());
    assert!(run.took >= Duration::from_secs(LOGIN), "{}", run.story());
}

#[test]
fn a_credential_plugin_that_is_missing_is_named() {
    let cluster = Cluster::control_plane();
    let folder = tempfile::tempdir().expect("a folder");
    let config = configuration(&cluster);
    let exec = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "no-such-plugin", "installHint": "ask around",
    }});
    let config = kubeconfig(folder.path(), &config["clusters"][0]["cluster"], &exec);
    let run = Plugin::args(["--kubeconfig", &config]).run().exits(1).prints("");
    run.complains(
        "Unable to connect to the server: getting credentials: exec: executable no-such-plugin not found",
    )
    .complains("ask around");
    // Without credentials nothing was sent, and so nothing can be left.
    let run = Plugin::args(["--kubeconfig", &config, "check", "10.0.0.7:80"]).run().exits(1);
    assert!(!run.stderr.contains("may"), "{}", run.story());
}

#[test]
fn credentials_that_have_expired_are_renewed() {
    let cluster = Cluster::control_plane();
    let plugin = CredentialPlugin::answering(&cluster, &[expired(admin(&cluster))]);
    plugin.pods(&["-n", "kube-system", "a", "b", "c", "--ignore-not-found"]).success();
    assert!(plugin.runs().len() >= 3, "one run a request: {:?}", plugin.runs());
}

/// A check makes, watches and deletes, some of it side by side.
#[test]
fn a_check_outlives_its_credentials() {
    let cluster = Cluster::control_plane();
    let ns = cluster.namespace("credentials-expire");
    let plugin = CredentialPlugin::answering(&cluster, &[expired(admin(&cluster))]);
    let words = ["-n", &ns.name, "check", "10.0.0.7:80", "--start-timeout", "1s"];
    plugin.pods(&words).exits(3).complains("still Pending after 1 s");
    assert!(plugin.runs().len() >= 3, "one run a request: {:?}", plugin.runs());
    assert_eq!(ns.leftovers(), "");
}

/// A certificate belongs to a connection: with a new one there must be a new connection, or it would not be seen.
#[test]
fn a_401_renews_credentials_once() {
    let cluster = Cluster::control_plane();
    // The file has the certificate first and then its key, and each is looked for in the whole of it.
    let stranger = json!({ "clientCertificateData": STRANGER, "clientKeyData": STRANGER });
    for first in [json!({ "token": "wrong" }), stranger] {
        let plugin = CredentialPlugin::answering(&cluster, &[first, admin(&cluster)]);
        let run = plugin.pods(&["-n", "kube-system", "a", "b", "--ignore-not-found"]).success();
        assert_eq!(run.stderr, "talking\ntalking\n", "{}", run.story());
        assert_eq!(plugin.runs().len(), 2);
    }
}

/// What makes something carries a body, and is sent again with it; of requests side by side only one renews.
#[test]
fn a_401_to_a_check_is_answered_with_new_credentials() {
    let cluster = Cluster::control_plane();
    let ns = cluster.namespace("credentials-401");
    let plugin =
        CredentialPlugin::answering(&cluster, &[json!({ "token": "wrong" }), admin(&cluster)]);
    let words = ["-n", &ns.name, "check", "10.0.0.7:80", "--start-timeout", "1s"];
    plugin.pods(&words).exits(3).complains("still Pending after 1 s");
    assert_eq!(plugin.runs().len(), 2);
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn credentials_that_stay_wrong_are_told_of() {
    let cluster = Cluster::control_plane();
    let wrong = |token: &str| json!({ "token": token });
    // The same credentials are not sent again, other ones once.
    for answers in [vec![wrong("a")], vec![wrong("a"), wrong("b"), wrong("c"), wrong("d")]] {
        let plugin = CredentialPlugin::answering(&cluster, &answers);
        let run = plugin.pods(&[]).exits(1).prints("");
        assert_eq!(run.stderr, format!("talking\ntalking\n{UNAUTHORIZED}"), "{}", run.story());
        assert_eq!(plugin.runs().len(), 2);
    }
}

#[test]
fn credentials_that_cannot_be_renewed_are_told_of() {
    let cluster = Cluster::control_plane();
    let nothing = json!({});
    let plugin = CredentialPlugin::answering(&cluster, &[json!({ "token": "wrong" }), nothing]);
    let run = plugin.pods(&[]).exits(1).prints("");
    let why = "Warning: refreshing credentials: exec plugin didn't return a token or cert/key pair";
    assert_eq!(run.stderr, format!("talking\ntalking\n{why}\n{UNAUTHORIZED}"), "{}", run.story());
}

#[test]
fn a_token_file_is_read_as_kubectl_reads_it() {
    let cluster = Cluster::control_plane();
    let folder = tempfile::tempdir().expect("a folder");
    let token =
        cluster.kubectl(["create", "token", "default", "-n", "kube-system"]).run().success();
    let file = folder.path().join("token");
    // With a line break, as `echo` leaves it.
    fs::write(&file, format!("{}\n", token.stdout.trim())).expect("written");
    let server = &configuration(&cluster)["clusters"][0]["cluster"];
    let same = |user: Value| {
        let config = kubeconfig(folder.path(), server, &user);
        let get = ["get", "pods", "-n", "kube-system", "--kubeconfig", &config];
        let theirs = cluster.kubectl(get).run();
        let ours = Plugin::args(["-n", "kube-system", "--kubeconfig", &config]).run();
        ours.same_as(&theirs);
        ours
    };
    same(json!({ "tokenFile": file })).complains("system:serviceaccount:kube-system:default");
    // The file comes first.
    same(json!({ "tokenFile": file, "token": "wrong" }))
        .complains("system:serviceaccount:kube-system:default");
    same(json!({ "tokenFile": folder.path().join("none") })).complains("no such file or directory");
}

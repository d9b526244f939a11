//! Certificates in a cluster: whom a probe trusts there, what it tells of what it was shown, and what is wrong.

use std::{fs, path::Path, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

use harness::{Cluster, Namespace, Run, wait_until};

const NGINX_CONF: &str = "daemon off;
error_log /dev/stderr;
pid /run/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  server { listen 80; location / { return 200 plain; } }
  server { listen 443 ssl; ssl_certificate /etc/tls/good.pem; ssl_certificate_key /etc/tls/good.key; location / { return 200 good; } }
  server { listen 8443 ssl; ssl_certificate /etc/tls/ended.pem; ssl_certificate_key /etc/tls/ended.key; location / { return 200 ended; } }
  server { listen 9443 ssl; ssl_certificate /etc/tls/good.pem; ssl_certificate_key /etc/tls/good.key;
    ssl_client_certificate /etc/tls/ca.pem; ssl_verify_client on; location / { return 200 mutual; } }
  server { listen 7443 ssl; ssl_certificate /etc/tls/ca.pem; ssl_certificate_key /etc/tls/ca.key; location / { return 200 authority; } }
  server { listen 6443 ssl; ssl_certificate /etc/tls/good.pem; ssl_certificate_key /etc/tls/good.key;
    ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0; location / { return 200 old; } }
}
";

fn pem(kind: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    let lines: String = lines.collect();
    format!("-----BEGIN {kind}-----\n{lines}-----END {kind}-----\n")
}

/// Certificate and key of a server called `name`.
fn signed(
    authority: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> (String, String) {
    let mut parameters = CertificateParams::new([name.to_owned()]).expect("a name");
    change(&mut parameters);
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.signed_by(&key, authority).expect("a certificate");
    (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", key.serialize_der().as_slice()))
}

/// A namespace with nginx and TLS. Its authority's certificate is written to `folder`, and its path given.
fn with_tls(prefix: &str, folder: &Path) -> (Namespace, String) {
    let ns = Cluster::nodes().namespace(prefix);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "our authority");
    parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let ca_key = pem("PRIVATE KEY", key.serialize_der().as_slice());
    let authority = CertifiedIssuer::self_signed(parameters, key).expect("an authority");
    let name = format!("tls-web.{}.svc", ns.name);
    let (good, good_key) =
        signed(&authority, &name, |it| it.not_after = rcgen::date_time_ymd(2099, 1, 2));
    let ended = |it: &mut CertificateParams| it.not_after = rcgen::date_time_ymd(2026, 1, 2);
    let (ended, ended_key) = signed(&authority, &name, ended);
    let ca = pem("CERTIFICATE", authority.der());
    let files = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tls"},
        "data": {
            "nginx.conf": NGINX_CONF, "ca.pem": ca, "ca.key": ca_key,
            "good.pem": good, "good.key": good_key, "ended.pem": ended, "ended.key": ended_key,
        },
    });
    ns.apply(&files.to_string());
    ns.apply(include_str!("../fixtures/tls.yaml"));
    ns.wait_ready("tls-web");
    let file = folder.join("ca.pem");
    fs::write(&file, ca).expect("written");
    let check = || ns.pods(["check", "svc/tls-web:443", "--protocol", "tcp"]).run();
    wait_until("the Service to lead there", Duration::from_secs(30), || check().code == 0);
    (ns, file.display().to_string())
}

fn targets(run: &Run) -> Vec<Value> {
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", run.story()));
    report["targets"].as_array().expect("a list").clone()
}

/// What is told of the last attempt at a target.
fn tls(target: &Value) -> &Value {
    &target["attempts"][0]["details"]["tls"]
}

/// Asserts kind and line of the first cause of each target; a line that ends in `; ` or a space goes on.
#[track_caller]
fn names_causes(run: &Run, expected: &[(&str, &str)]) {
    let targets = targets(run);
    assert!(targets.len() >= expected.len(), "{}", run.story());
    for (target, (kind, line)) in targets.iter().zip(expected) {
        let cause = &target["causes"][0];
        let word = |field: &str| cause[field].as_str().unwrap_or_default();
        let told = format!("{}; {}", word("message"), word("next"));
        assert_eq!(word("kind"), *kind, "{target:#}");
        let same = if line.ends_with(' ') { told.starts_with(line) } else { told == *line };
        assert!(same, "{told}\n  not: {line}");
    }
}

#[test]
fn the_clusters_own_authority_is_trusted_for_the_clusters_names() {
    let ns = Cluster::nodes().namespace("tls-cluster");
    // The API server's certificate is the cluster's, and 401 or 403 is an answer.
    let flags = ["--expect", "100-499", "-o", "json"];
    let name = "https://kubernetes.default.svc/version";
    let run = ns.pods(["check", name]).args(flags).run().success();
    let target = &targets(&run)[0];
    assert_eq!(target["verdict"], "open", "{target:#}");
    let shown = tls(target);
    assert_eq!(shown["fault"], Value::Null, "{shown:#}");
    let names = shown["certificate"]["names"].as_array().expect("names");
    assert!(names.contains(&json!("kubernetes.default.svc")), "{shown:#}");
    assert!(shown["certificate"]["not_after_seconds"].as_i64().is_some_and(|end| end > 0));

    // Written in Go, as most of what listens in a cluster.
    let plain = ["http://kubernetes.default.svc:443/", "--expect", "200", "-o", "json"];
    let run = ns.pods(["check"]).args(plain).run().exits(2);
    assert_eq!(targets(&run)[0]["causes"][0]["kind"], "plain-on-tls-port", "{}", run.story());

    let other = ["--server-name", "kubernetes.example.org"];
    let run = ns.pods(["check", name]).args(flags).args(other).run().exits(2);
    let target = &targets(&run)[0];
    assert_eq!(target["verdict"], "tls-certificate", "{target:#}");
    assert_eq!(tls(target)["fault"], "other-names", "{target:#}");
    let message = target["message"].as_str().expect("a message");
    assert!(message.contains("not for kubernetes.example.org"), "{message}");
    assert_eq!(ns.leftovers(), "");
}

/// The same server by the name that its certificate is for.
fn accepts_what_is_right(ns: &Namespace, ca: &str) {
    let check = |words: &[&str]| {
        let run = ns.pods(["check", "--protocol", "https", "--cacert", ca]);
        run.args(words.iter().copied()).run().success()
    };
    let name = format!("tls-web.{}.svc", ns.name);
    check(&["pod/tls-web:443", "--server-name", &name]);
    let given = format!("shop.example.org:443:{}", ns.pod_ip("tls-web"));
    check(&["https://shop.example.org", "--resolve", &given, "--server-name", &name]);
    let wide = check(&["svc/tls-web:443", "-o", "wide"]);
    let days = wide.stdout.lines().nth(1).is_some_and(|line| line.contains("d  "));
    assert!(wide.stdout.contains("CERT") && days, "{}", wide.story());
}

#[test]
fn what_is_wrong_with_tls_is_told_and_what_is_right_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ns, ca) = with_tls("tls-web", folder.path());
    let check = |words: &[&str]| {
        let run = ns.pods(["check", "-o", "json", "--protocol", "https"]);
        run.args(words.iter().copied()).run()
    };
    let service = "svc/tls-web:443";
    let stranger = check(&[service]).exits(2);
    assert_eq!(tls(&targets(&stranger)[0])["fault"], "unknown-issuer", "{}", stranger.story());
    let signer = "the certificate of svc/tls-web:443 is signed by CN=our authority, whom the probe does not trust; ";
    names_causes(&stranger, &[("cert-unknown-issuer", signer)]);
    let any = check(&[service, "-k"]).success();
    assert_eq!(tls(&targets(&any)[0])["fault"], "unknown-issuer", "told all the same");

    // An endpoint is asked for by its Service's name, as those do who reach it through the Service.
    let both = check(&[service, "--endpoints", "--cacert", &ca]).success();
    assert_eq!(targets(&both).len(), 2, "{}", both.story());

    let pod = "pod/tls-web:443";
    let all = [
        "svc/tls-web:8443",
        "svc/tls-web:9443",
        "svc/tls-web:80",
        pod,
        "svc/tls-web:7443",
        "svc/tls-web:6443",
        service,
    ];
    let run = check(&[&all[..], &["--cacert", &ca]].concat()).exits(2);
    let expected = [
        ("tls-certificate", json!("expired"), "it ended 2026-01-02 00:00 UTC"),
        ("http-status", json!("client-certificate"), "HTTP status 400"),
        ("tls-handshake", json!("not-tls"), "the port speaks plain HTTP, not TLS"),
        ("tls-certificate", json!("other-names"), "it is for tls-web."),
        ("tls-certificate", json!("is-ca"), "authority"),
        ("tls-handshake", json!("version"), "version"),
        ("open", Value::Null, "HTTP status 200"),
    ];
    let name = format!("tls-web.{}.svc", ns.name);
    let other = format!(
        "the certificate of pod/tls-web:443 is for {name}, not for {}; ask for it by that name (--server-name {name}), ",
        ns.pod_ip("tls-web")
    );
    names_causes(
        &run,
        &[
            ("cert-expired", "the certificate of svc/tls-web:8443 ended on 2026-01-02, less than "),
            (
                "client-cert-required",
                "svc/tls-web:9443 wants a certificate of the client, and the probe has none: a mutual TLS peer, as in a mesh; ",
            ),
            (
                "tls-on-plain-port",
                "svc/tls-web:80 speaks plain HTTP, and TLS was spoken to it; ask with http://, or another port with https://",
            ),
            ("cert-name-mismatch", &other),
            (
                "cert-is-ca",
                "the certificate of svc/tls-web:7443 is that of an authority, made to sign others; strict clients refuse it; ",
            ),
            (
                "tls-version",
                "svc/tls-web:6443 speaks neither TLS 1.2 nor TLS 1.3, and nothing older is safe; allow ",
            ),
        ],
    );
    for (target, (verdict, fault, says)) in targets(&run).iter().zip(expected) {
        assert_eq!(target["verdict"], verdict, "{target:#}");
        assert_eq!(tls(target)["fault"], fault, "{target:#}");
        let message = target["message"].as_str().expect("a message");
        assert!(message.contains(says), "{message}");
    }
    accepts_what_is_right(&ns, &ca);
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn curl_trusts_whom_it_is_told_to_trust() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ns, ca) = with_tls("tls-curl", folder.path());
    let url = format!("https://tls-web.{}.svc/", ns.name);
    ns.pods(["curl", &url]).run().exits(60).complains("certificate");
    assert_eq!(ns.pods(["curl", &url, "-k"]).run().success().stdout, "good");
    assert_eq!(ns.pods(["curl", &url, "--cacert", &ca]).run().success().stdout, "good");
    let missing = folder.path().join("missing.pem").display().to_string();
    let run = ns.pods(["curl", &url, "--cacert", &missing]).run().exits(1);
    run.complains("cannot trust --cacert").complains("No such file");
    let plain = ns.pods(["check", &format!("http://tls-web.{}.svc:443", ns.name), "-o", "json"]);
    let plain = plain.run().exits(2);
    let target = &targets(&plain)[0];
    assert_eq!(target["attempts"][0]["details"]["speaks"], "tls", "{target:#}");
    assert_eq!(target["causes"][0]["kind"], "plain-on-tls-port", "{target:#}");
    assert_eq!(ns.leftovers(), "");
}

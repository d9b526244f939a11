//! Curl on two nodes.

use std::time::Duration;

use harness::{Cluster, SharedServers, start_article_servers, wait_until};

#[test]
fn both_servers_answer_from_every_node_and_nothing_is_left() {
    let cluster = Cluster::nodes();
    let ns = cluster.namespace("curl");
    start_article_servers(&ns);
    let pages = [
        ("nginx-ser", "/usr/share/nginx/html/index.html", "Welcome to nginx!"),
        ("httpd-ser", "/usr/share/httpd/html/index.html", "It works!"),
    ];
    for (pod, file, words) in pages {
        let page = ns.kubectl(["exec", pod, "--", "cat", file]).run().success();
        assert!(page.stdout.contains(words), "{}", page.story());
        for node in cluster.node_names() {
            let run = ns.pods(["curl", pod, "--from-node", &node]).run().success().quiet();
            assert!(run.stdout_bytes == page.stdout_bytes, "{}\n{}", run.story(), page.story());
            assert_eq!(ns.leftovers(), "", "the very moment {} returned", run.command);
        }
    }
}

#[test]
fn every_way_to_name_a_server_leads_to_it() {
    let ns = Cluster::nodes().namespace("curl-names");
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/services.yaml"));
    let ip = ns.pod_ip("nginx-ser");
    let dns = format!("http://web.{}.svc:8081/", ns.name);
    let targets =
        ["pod/nginx-ser:http", "svc/web:8081", "svc/web:http", "svc/headless:80", &ip, &dns];
    for target in targets {
        let run = ns.pods(["curl", target]).run().success();
        assert!(run.stdout.contains("Welcome to nginx!"), "{}", run.story());
    }
    let head = ns.pods(["curl", "nginx-ser", "-I"]).run().success();
    assert!(head.stdout.starts_with("HTTP/1.1 200 OK\r\n"), "{}", head.story());
    assert!(head.stdout.ends_with("\r\n\r\n"), "{}", head.story());
    // Spelt as nginx spells them.
    for field in ["\r\nServer: nginx/", "\r\nContent-Type: text/html\r\n", "\r\nETag: "] {
        assert!(head.stdout.contains(field), "{field:?}\n{}", head.story());
    }
}

#[test]
fn exit_codes_are_those_of_curl() {
    let (ns, servers) = (Cluster::nodes().namespace("curl-codes"), SharedServers::get());
    let [closed, nowhere] = ["81", "80/nowhere"].map(|rest| format!("{}:{rest}", servers.nginx_ip));
    let cases: [(&[&str], i32, &str); 4] = [
        (&["curl", &closed], 7, "curl: (7) "),
        (&["curl", &nowhere, "-f"], 22, "curl: (22) "),
        (&["curl", "http://nowhere.invalid/"], 6, "curl: (6) "),
        (&["curl", &servers.nginx, "--max-filesize", "10"], 63, "curl: (63) "),
    ];
    for (words, code, complaint) in cases {
        ns.pods(words.iter().copied()).run().exits(code).complains(complaint);
    }
    // With the cause, and without the advice for `check`.
    let run = ns.pods(["curl", &nowhere, "-f"]).run().exits(22);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let [_, cause] = lines[..] else { panic!("{}", run.story()) };
    assert!(
        cause.ends_with("answers, with status 404: it has no such path, or not under this Host"),
        "{cause}"
    );
    let run = ns.pods(["curl", "nobody"]).run().exits(1);
    let cause = format!(
        "there is no pod nobody in namespace {}; run kubectl get pods -n {}",
        ns.name, ns.name
    );
    assert_eq!(
        run.stderr,
        format!("Error from server (NotFound): pods \"nobody\" not found\n{cause}\n")
    );
    assert_eq!(ns.leftovers(), "");
}

#[test]
fn below_the_words_of_curl_stands_the_cause() {
    let ns = Cluster::nodes().namespace("curl-causes");
    start_article_servers(&ns);
    ns.apply(include_str!("../fixtures/curl-causes.yaml"));
    let cases = [
        (
            "svc/near",
            "svc/near selects app=nginx-server, which no pod of namespace NS has; nginx-ser has app=nginx-ser; make \
             selector and labels agree: kubectl edit svc near -n NS",
        ),
        (
            "svc/wrong-port",
            "svc/wrong-port sends port 80 to port 8080 of nginx-ser, which refuses connections there; declared is 80; \
             correct its targetPort: kubectl edit svc wrong-port -n NS",
        ),
    ];
    for (target, cause) in cases {
        // kube-proxy needs its time to know them; until then the Service's address is silent.
        let cause = cause.replace("NS", &ns.name);
        let mut run = None;
        wait_until("the Service to be refused", Duration::from_secs(30), || {
            let told = ns.pods(["curl", target, "--connect-timeout", "2s"]).run();
            let is_refused = told.code == 7;
            run = Some(told);
            is_refused
        });
        let run = run.expect("a run").prints("");
        let lines: Vec<&str> = run.stderr.lines().collect();
        let [curls, seen, told] = lines[..] else { panic!("{}", run.story()) };
        assert!(curls.starts_with("curl: (7) Failed to connect to "), "{}", run.story());
        assert!(seen.starts_with(&format!("{target} (")), "{}", run.story());
        assert_eq!(told, cause, "{}", run.story());
    }
    assert_eq!(ns.leftovers(), "");
}

/// What a probe in the cluster tells of its request is what one here tells: `offline::curl` holds that against curl.
#[test]
fn every_step_of_a_request_comes_back_from_the_cluster() {
    let (ns, servers) = (Cluster::nodes().namespace("curl-steps"), SharedServers::get());
    let target = servers.nginx.as_str();
    let format = "%{http_code} %{num_redirects} %{remote_ip} %{method}\\n";
    let words = ["curl", target, "-L", "-v", "-o", "/dev/null", "-w", format, "-H", "x-API-key: k"];
    let run = ns.pods(words).run().success();
    assert_eq!(run.stdout, format!("200 0 {} GET\n", servers.nginx_ip), "{}", run.story());
    for line in ["* Connected to ", "> GET / HTTP/1.1", "> x-API-key: k", "< HTTP/1.1 200 OK"] {
        assert!(run.stderr.contains(line), "{line:?}\n{}", run.story());
    }
}

#[test]
fn a_large_body_comes_back_byte_for_byte() {
    let ns = Cluster::nodes().namespace("curl-body");
    // As much as a ConfigMap holds, and more than any buffer on the way.
    let lines: Vec<String> = (0..60_000).map(|line| format!("line {line:>9}\n")).collect();
    let page = lines.concat();
    let config_map = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large"}, "data": {"index.html": page},
    });
    ns.kubectl(["create", "-f", "-"]).stdin(config_map.to_string()).run().success();
    ns.apply(include_str!("../fixtures/large-page.yaml"));
    ns.wait_ready("large");
    let run = ns.pods(["curl", "large"]).run().success();
    assert_eq!(run.stdout_bytes.len(), page.len());
    assert!(run.stdout == page, "the body differs");
}

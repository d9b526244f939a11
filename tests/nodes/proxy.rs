//! What stands between us and an API server in many companies: a proxy that cuts what is silent. A real one, nginx, in front of
//! the real API server. (One that holds back what is followed until it ends is `tests/offline`'s: nginx and Apache send on what
//! they have.)

use std::time::Duration;

use harness::{Cluster, Command, Namespace, SharedServers, wait_until};

/// nginx on a node's own network, where this machine reaches it. Every request goes to the API server as that ServiceAccount.
const PROXY: &str = "
apiVersion: v1
kind: Pod
metadata: {name: proxy}
spec:
  hostNetwork: true
  nodeName: node1
  containers:
    - name: nginx
      image: docker.io/library/nginx:latest
      imagePullPolicy: IfNotPresent
      command: [sh, -c]
      args:
        - |
          cat > /proxy.conf <<'END'
          user www-data; daemon off; events {}
          http { server { listen PORT;
            location / {
              proxy_pass https://API; proxy_http_version 1.1; proxy_set_header Authorization \"Bearer TOKEN\";
              LIMITS
            } } }
          END
          exec nginx -c /proxy.conf
";

/// Starts the proxy; gives the plugin as it runs behind it.
fn behind(ns: &Namespace, port: u16, limits: &str) -> impl Fn(&[&str]) -> Command {
    ns.grant("behind", include_str!("../../deploy/rights-check.yaml"), |_| {});
    let token = ns.kubectl(["create", "token", "behind"]).run().success().stdout;
    let proxy = PROXY.replace("PORT", &port.to_string()).replace("TOKEN", token.trim());
    let path = "jsonpath={.endpoints[0].addresses[0]}:{.ports[0].port}";
    let api = ["get", "endpointslice", "kubernetes", "-n", "default", "-o", path];
    let api = ns.cluster.kubectl(api).run().success().stdout;
    ns.apply(&proxy.replace("API", &api).replace("LIMITS", limits));
    ns.wait_ready("proxy");
    let server = format!("http://{}:{port}", ns.cluster.node_ip("node1"));
    let name = ns.name.clone();
    let cluster = ns.cluster.clone();
    let command = move |words: &[&str]| {
        let kubeconfig = format!(
            "{{current-context: it, contexts: [{{name: it, context: {{cluster: it, namespace: {name}}}}}], clusters: [{{name: it, \
             cluster: {{server: '{server}'}}}}]}}"
        );
        let command = cluster.pods(words.iter().copied());
        let file = command.home().join("kubeconfig");
        std::fs::write(&file, kubeconfig).expect("a file");
        command.env("KUBECONFIG", file.display().to_string())
    };
    wait_until("the proxy", Duration::from_secs(30), || command(&["get"]).run().code == 0);
    command
}

#[test]
fn a_proxy_that_cuts_what_is_silent() {
    let ns = Cluster::nodes().namespace("cut");
    let pods = behind(&ns, 18082, "proxy_buffering off; proxy_read_timeout 1s;");
    // Every stream is silent for longer than that.
    let words = ["check", "--attempts", "2", "--connect-timeout", "3s", "--timeout", "3s"];
    let unused = format!("{}:80", SharedServers::get().unused_ip());
    let run = pods(&[&words[..], &[&unused]].concat()).run().exits(2);
    assert!(run.stdout.contains(&unused) && !run.stdout.contains("not-run"), "{}", run.story());
    assert_eq!(run.complaints(), [""; 0], "{}", run.story());
    ns.wait_clean(Duration::from_secs(10));
}

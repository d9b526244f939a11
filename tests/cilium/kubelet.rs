//! A node whose kubelet cannot be asked. Its port is closed to everybody, so this is in the cluster with the fewest tests, which
//! is always one of our own.

use std::process::Command;

use harness::{Cluster, Run, start_article_servers};

/// The port of one node's kubelet, closed for as long as this lives.
struct Closed {
    /// The node's network namespace.
    netns: String,
    target: &'static [&'static str],
}

impl Closed {
    fn close(address: &str, target: &'static [&'static str]) -> Self {
        let list = run(Command::new("ip").args(["netns", "list"]));
        let names = list.lines().filter_map(|line| line.split_whitespace().next());
        let has_address = |name: &&str| {
            let addresses = run(Command::new("ip").args(["-netns", name, "-o", "address"]));
            addresses.contains(&format!(" {address}/"))
        };
        let netns = { names }.find(has_address).expect("the node's network namespace").to_owned();
        let closed = Self { netns, target };
        run(&mut closed.rule("--insert"));
        closed
    }

    fn rule(&self, action: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.netns, "iptables", "--wait", action, "INPUT"]);
        command.args(["--protocol", "tcp", "--dport", "10250", "--jump"]).args(self.target);
        command
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        run(&mut self.rule("--delete"));
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_closed_kubelet_does_not_cost_the_result() {
    let ns = Cluster::cilium().namespace("kubelet");
    start_article_servers(&ns);
    let node = ns.cluster.node_names().remove(0);
    let path = "jsonpath={.status.addresses[?(@.type==\"InternalIP\")].address}";
    let address = ns.cluster.kubectl(["get", "node", &node, "-o", path]).run().success().stdout;
    let probe = |verb: &str| -> Run {
        let run = ns.pods([verb, "nginx-ser", "--from-node", &node]).run().success();
        assert_eq!(ns.leftovers(), "", "{}", run.story());
        run.complains("cannot be read, so the result is from its status: ")
    };
    let closed = Closed::close(&address, &["REJECT", "--reject-with", "tcp-reset"]);
    let run = probe("check").complains("Error from server: Get \"https://").complains(":10250");
    assert!(run.stdout.contains(" open "), "{}", run.story());
    drop(closed);
    let _closed = Closed::close(&address, &["DROP"]);
    let run = probe("curl");
    assert!(run.stdout.contains("Welcome to nginx!"), "{}", run.story());
}

//! A rule of the firewall of a node: of our own clusters, whose nodes are network namespaces of this machine.

use std::process::Command;

use super::Cluster;

/// A rule that is in force on one node for as long as this lives.
pub struct NodeRule {
    netns: String,
    table: &'static str,
    rule: Vec<String>,
}

impl NodeRule {
    /// Puts `rule` (a chain and what follows, as iptables takes it) first in `table` of `node`.
    pub fn insert(cluster: &Cluster, node: &str, table: &'static str, rule: &[&str]) -> Self {
        let rule = rule.iter().map(|&word| word.to_owned()).collect();
        let rule = Self { netns: cluster.netns(node), table, rule };
        run(&mut rule.iptables("--insert"));
        rule
    }

    fn iptables(&self, action: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.netns, "iptables", "--wait", "--table", self.table]);
        command.arg(action).args(&self.rule);
        command
    }
}

impl Drop for NodeRule {
    fn drop(&mut self) {
        run(&mut self.iptables("--delete"));
    }
}

impl Cluster {
    /// The address of a node.
    pub fn node_ip(&self, node: &str) -> String {
        let path = "jsonpath={.status.addresses[?(@.type==\"InternalIP\")].address}";
        self.kubectl(["get", "node", node, "-o", path]).run().success().stdout
    }

    /// The network namespace of a node, as `ip netns` calls it.
    pub fn netns(&self, node: &str) -> String {
        netns_of(&self.node_ip(node))
    }
}

fn netns_of(address: &str) -> String {
    let list = run(Command::new("ip").args(["netns", "list"]));
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    let has_address = |name: &&str| {
        let addresses = run(Command::new("ip").args(["-netns", name, "-o", "address"]));
        addresses.contains(&format!(" {address}/"))
    };
    { names }.find(has_address).expect("the node's network namespace").to_owned()
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

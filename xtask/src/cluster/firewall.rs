//! The host's packet filter, between the nodes of one bridge.
//!
//! With `br_netfilter`, frames between two ports of a bridge pass the host's FORWARD chain, which
//! drops them on machines with Docker. Without it, a pod never sees the answer of a Service whose
//! endpoint is on its own node: nothing puts the Service's address back.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Cluster;
use super::slot::Slot;
use crate::command;

const SWITCH: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// Makes sure that the kernel can filter bridges, and that the host lets the nodes' frames through.
///
/// # Errors
///
/// When the rule cannot be added.
pub(crate) fn open(cluster: &Cluster) -> Result<()> {
    if !Path::new(SWITCH).exists()
        && !command::succeeds(cluster.launcher().command("modprobe").arg("br_netfilter"))
    {
        eprintln!("warning: no br_netfilter: Services whose pod is on the client's node fail");
    }
    if drops_by_default(&chain()) {
        let mut iptables = cluster.launcher().command("iptables");
        iptables.args(["--wait", "--insert", "FORWARD"]).args(rule(cluster.spec.slot));
        command::run(&mut iptables).context("cannot let the nodes' frames through")?;
    }
    Ok(())
}

/// Lets a bridge in the calling thread's network namespace pass the packet filter.
///
/// # Errors
///
/// When the switch cannot be turned.
pub(crate) fn filter_bridges() -> Result<()> {
    if Path::new(SWITCH).exists() {
        fs::write(SWITCH, "1").with_context(|| format!("cannot write {SWITCH}"))?;
    }
    Ok(())
}

/// Removes what [`open`] added.
///
/// # Errors
///
/// When it is there and cannot be removed.
pub(crate) fn close(slot: Slot) -> Result<()> {
    let ours = format!("-A FORWARD {}", rule(slot).join(" "));
    for _ in chain().lines().filter(|line| *line == ours) {
        let delete = ["--wait", "--delete", "FORWARD"];
        command::run(Command::new("iptables").args(delete).args(rule(slot)))?;
    }
    Ok(())
}

/// The FORWARD chain as `iptables --list-rules` prints it; empty where there is no iptables.
fn chain() -> String {
    let list = ["--wait", "--list-rules", "FORWARD"];
    command::output(Command::new("iptables").args(list)).unwrap_or_default()
}

fn drops_by_default(chain: &str) -> bool {
    chain.lines().any(|line| line == "-P FORWARD DROP")
}

fn rule(slot: Slot) -> [String; 6] {
    let bridge = slot.bridge();
    ["-i", &bridge, "-o", &bridge, "-j", "ACCEPT"].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_closed_chain_needs_a_rule() {
        let cases = [
            ("-P FORWARD ACCEPT\n-A FORWARD -j DOCKER-USER", false),
            ("-P FORWARD DROP\n-A FORWARD -j DOCKER-USER", true),
            ("", false),
        ];
        for (chain, expected) in cases {
            assert_eq!(drops_by_default(chain), expected, "{chain:?}");
        }
    }
}

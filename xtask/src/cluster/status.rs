//! What clusters there are and how they do.

use std::fmt::Write as _;

use super::process::{self, Process};
use super::state::{self, State};
use super::{Cni, control_plane};

/// One block of lines per cluster.
pub(crate) fn describe() -> String {
    let names = state::names();
    if names.is_empty() {
        return "no clusters: `cargo xtask cluster up` starts one\n".to_owned();
    }
    names.iter().map(|name| describe_one(name)).collect()
}

fn describe_one(name: &str) -> String {
    let state = State::of(name);
    let Some(spec) = state.spec() else {
        return format!("{name}: interrupted before it began; `up` or `down` cleans up\n");
    };
    let slot = spec.slot;
    let cni = match (spec.nodes, spec.cni) {
        (0, _) => "control plane only",
        (_, Cni::Bridge) => "bridge",
        (_, Cni::DualStack) => "bridge, both IP families",
        (_, Cni::Cilium) => "cilium",
    };
    let answers = control_plane::listens(std::net::Ipv4Addr::LOCALHOST, slot.api_port());
    let health = match (state.is_complete(), answers) {
        (true, true) => "up",
        (true, false) => "API server does not answer",
        (false, _) => "starting, or its start was interrupted",
    };
    let (alive, dead): (Vec<Process>, Vec<Process>) =
        process::recorded(&state).into_iter().partition(Process::is_alive);
    let mut text = format!("{name}: {health}\n");
    let _ = writeln!(text, "  nodes       {} ({cni}), slot {slot}", spec.nodes);
    let _ = writeln!(text, "  alive       {}", listed(&alive));
    let _ = writeln!(text, "  dead        {}", listed(&dead));
    let _ = writeln!(text, "  kubeconfig  {}", state.kubeconfig("admin").display());
    let _ = writeln!(text, "  logs        {}", state.logs().display());
    text
}

fn listed(processes: &[Process]) -> String {
    if processes.is_empty() {
        return "none".to_owned();
    }
    processes.iter().map(|process| process.name.as_str()).collect::<Vec<_>>().join(" ")
}

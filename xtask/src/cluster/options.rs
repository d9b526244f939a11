//! What a cluster should be like.

use serde::{Deserialize, Serialize};

use super::slot::{MAX_NODES, NodeIndex};

/// The name of the cluster that is meant when none is given.
pub(crate) const DEFAULT_NAME: &str = "kpods";

/// How pods are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cni {
    /// The reference bridge plugin: accepts network policies and enforces none.
    #[default]
    Bridge,
    /// The bridge plugin, where nodes, pods and Services have IPv6 addresses too.
    DualStack,
    /// Cilium: enforces them.
    Cilium,
}

impl Cni {
    /// Whether it is the bridge plugin, whose routes between nodes are ours to make.
    pub(crate) const fn is_bridge(self) -> bool {
        match self {
            Self::Bridge | Self::DualStack => true,
            Self::Cilium => false,
        }
    }
}

/// Of everything in the cluster, pods on nodes that do not exist stay as they are.
const CONTROLLERS_WITHOUT_NODES: &str =
    "*,-pod-garbage-collector-controller,-node-lifecycle-controller,-taint-eviction-controller";

/// What [`up`](super::up) should start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Lower-case letters, digits and hyphens, at most 20.
    pub(crate) name: String,
    /// 0 for a control plane alone, at most 5.
    pub(crate) nodes: NodeIndex,
    pub(crate) cni: Cni,
    /// For the controller manager's `--controllers`; `None` for all, or, without nodes, for all but
    /// those that remove the pods of nodes which are not there.
    pub(crate) controllers: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: DEFAULT_NAME.to_owned(), nodes: 2, cni: Cni::default(), controllers: None }
    }
}

impl Options {
    /// A control plane alone, ready within seconds.
    pub(crate) fn control_plane(name: &str) -> Self {
        Self { name: name.to_owned(), nodes: 0, ..Self::default() }
    }

    pub(crate) fn controllers(&self) -> &str {
        let default = if self.nodes == 0 { CONTROLLERS_WITHOUT_NODES } else { "*" };
        self.controllers.as_deref().unwrap_or(default)
    }
}

/// Reads a cluster's name: it becomes part of paths and of the context's name.
pub(crate) fn parse_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=20).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    Err("at most 20 lower-case letters, digits and hyphens, not starting with a hyphen".to_owned())
}

/// Reads a number of nodes.
pub(crate) fn parse_nodes(text: &str) -> Result<NodeIndex, String> {
    let range = 1..=MAX_NODES;
    text.parse()
        .ok()
        .filter(|nodes| range.contains(nodes))
        .ok_or_else(|| format!("a number from 1 to {MAX_NODES}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_nodes() {
        for (text, expected) in
            [("1", Some(1)), ("5", Some(5)), ("0", None), ("6", None), ("two", None)]
        {
            assert_eq!(parse_nodes(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn names() {
        let cases = [
            ("kpods", true),
            ("ci-2", true),
            ("", false),
            ("-a", false),
            ("../a", false),
            ("Upper", false),
            ("a-name-of-21-letters-", false),
        ];
        for (name, good) in cases {
            assert_eq!(parse_name(name).is_ok(), good, "{name:?}");
        }
    }

    #[test]
    fn pods_on_made_up_nodes_stay_only_where_there_are_no_nodes() {
        assert_eq!(Options::default().controllers(), "*");
        let alone = Options::control_plane("a");
        assert!(alone.controllers().contains("-pod-garbage-collector-controller"));
        let chosen = Options { controllers: Some("job-controller".to_owned()), ..alone };
        assert_eq!(chosen.controllers(), "job-controller");
    }
}

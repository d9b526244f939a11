//! How much of each pod must be known.

/// How much of each pod must be known: what it costs the API server and the network, cheapest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The Table's cells only: 130 bytes a pod instead of 2,500.
    #[default]
    Cells,
    /// And its namespace, which is in the metadata but often known without it.
    Namespace,
    /// And its metadata: labels, annotations.
    Metadata,
    /// The whole pod.
    Object,
}

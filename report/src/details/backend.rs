//! Who answered.

use serde::{Deserialize, Serialize};

/// A standing probe that answered a datagram, as it named itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Its pod.
    pub name: String,
    /// The node that it runs on.
    pub node: String,
}

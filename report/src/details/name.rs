use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What the resolver said about a host name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameDetails {
    /// Every address of the name, in the order of preference; at most [`crate::MAX_ADDRESSES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// The full names that were asked for, in that order, and what was said of each, of more than eight the first seven and
    /// the last; empty when `/etc/hosts` has the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
}

/// One full name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The name, with its final dot.
    pub name: String,
    /// What was said of it; of two families the graver answer, unless one of them has an address.
    #[serde(flatten)]
    pub answer: NameAnswer,
}

/// What a resolver says of one full name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "said", rename_all = "kebab-case")]
pub enum NameAnswer {
    /// It has addresses.
    Found,
    /// There is no such name (NXDOMAIN).
    NoSuchName,
    /// The name exists and has no address of a family that was asked for.
    NoAddress,
    /// The resolver failed, in the words of its answer code: `Server Failure`.
    Failed(String),
    /// The resolver did not answer; what was seen.
    Silence(String),
}

impl NameAnswer {
    /// The answer in words.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Found => "found",
            Self::NoSuchName => "no such name",
            Self::NoAddress => "no address",
            Self::Failed(said) | Self::Silence(said) => said,
        }
    }
}

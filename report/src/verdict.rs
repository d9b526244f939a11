//! The one word that people read about an attempt or a target.

use serde::{Deserialize, Serialize};

use crate::Observation;

/// The word in tables, JSON and metric labels: what was seen, or what about an answer was not as expected.
///
/// Made by [`crate::expectation::judge`] alone. Whether the word is good news is a [`crate::Judgement`]: `open` is none
/// where a denial was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// An answer whose HTTP status is not one of the expected.
    HttpStatus,
    /// An answer without the expected text.
    BodyMismatch,
    /// An answer that took longer than expected.
    Slow,
    /// The observation's own word.
    #[serde(untagged)]
    Seen(Observation),
}

impl Verdict {
    /// Every verdict, each once.
    pub fn all() -> impl Iterator<Item = Self> {
        let seen = Observation::ALL.into_iter().map(Self::Seen);
        seen.chain([Self::HttpStatus, Self::BodyMismatch, Self::Slow])
    }

    /// The word used in tables, JSON and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpStatus => "http-status",
            Self::BodyMismatch => "body-mismatch",
            Self::Slow => "slow",
            Self::Seen(observation) => observation.as_str(),
        }
    }
}

impl From<Observation> for Verdict {
    fn from(observation: Observation) -> Self {
        Self::Seen(observation)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::Verdict;

    #[test]
    fn the_word_is_the_wire_name_as_value_and_as_key() {
        for verdict in Verdict::all() {
            let wire = serde_json::to_string(&verdict).expect("serializes");
            assert_eq!(wire, format!("\"{verdict}\""));
            assert_eq!(serde_json::from_str::<Verdict>(&wire).expect(&wire), verdict);
            let counts = BTreeMap::from([(verdict, 1_u64)]);
            let wire = serde_json::to_string(&counts).expect("a word is a key");
            let read: BTreeMap<Verdict, u64> = serde_json::from_str(&wire).expect(&wire);
            assert_eq!(read, counts);
        }
    }

    #[test]
    fn no_two_verdicts_share_a_word() {
        let words: BTreeSet<&str> = Verdict::all().map(Verdict::as_str).collect();
        assert_eq!(words.len(), Verdict::all().count());
        assert!(serde_json::from_str::<Verdict>("\"fine\"").is_err(), "the set is closed");
    }
}

//! Who answered how often at an address that leads to several, as far as they said who they are.

use serde::{Deserialize, Serialize};

use crate::{Attempt, Backend};

/// How many backends a report names at most, so that nobody who makes up names fills a log.
pub const MAX_BACKENDS: usize = 256;

/// How many a message names; all are in the report.
const NAMED_IN_MESSAGE: usize = 8;

/// How often one backend answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who.
    #[serde(flatten)]
    pub backend: Backend,
    /// In how many attempts.
    pub count: u64,
}

/// Counts the answers of each as they come.
#[derive(Debug, Default)]
pub(crate) struct Shares(Vec<Share>);

impl Shares {
    /// Takes in who answered `attempt`, if it was one that said so.
    pub(crate) fn add(&mut self, attempt: &Attempt) {
        let Some(backend) = &attempt.details.answered_by else { return };
        if let Some(share) = self.0.iter_mut().find(|share| share.backend == *backend) {
            share.count += 1;
        } else if self.0.len() < MAX_BACKENDS {
            self.0.push(Share { backend: backend.clone(), count: 1 });
        }
    }

    /// All of them: the most frequent first, equally frequent ones by name.
    pub(crate) fn sorted(self) -> Vec<Share> {
        let Self(mut shares) = self;
        shares.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| a.backend.name.cmp(&b.backend.name))
        });
        shares
    }
}

/// `2 backends: a 6, b 4`; nothing of none.
pub(crate) fn words(shares: &[Share]) -> Option<String> {
    let noun = if shares.len() == 1 { "backend" } else { "backends" };
    let named = shares.iter().take(NAMED_IN_MESSAGE);
    let named: Vec<String> =
        named.map(|share| format!("{} {}", share.backend.name, share.count)).collect();
    let more = match shares.len().saturating_sub(NAMED_IN_MESSAGE) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let all = shares.len();
    (all > 0).then(|| format!("{all} {noun}: {}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, Check, Details, Facts, Observation};

    fn shares(names: impl IntoIterator<Item = String>) -> Vec<Share> {
        let check = Check::new(0, "web", "10.0.0.7", Ask::Udp { port: 9475 });
        let mut shares = Shares::default();
        for name in names {
            let backend = (!name.is_empty()).then(|| Backend { name, node: "node1".to_owned() });
            let details = Details { answered_by: backend, ..Details::default() };
            let facts = Facts { details, ..Facts::new(Observation::Open, "") };
            shares.add(&Attempt::new(&check, facts));
        }
        shares.sorted()
    }

    #[test]
    fn each_is_counted_and_the_most_frequent_comes_first() {
        let of = |names: &[&str]| words(&shares(names.iter().map(|&name| name.to_owned())));
        assert_eq!(of(&["", ""]), None, "who answered did not say");
        assert_eq!(of(&["a", "a"]).as_deref(), Some("1 backend: a 2"));
        assert_eq!(of(&["c", "b", "", "a", "a"]).as_deref(), Some("3 backends: a 2, b 1, c 1"));
    }

    #[test]
    fn of_many_a_message_names_some_and_a_report_has_a_bound() {
        let many = shares((0..300).map(|number| format!("p{number:03}")));
        assert_eq!(many.len(), MAX_BACKENDS);
        let words = words(&many).expect("words");
        assert!(words.starts_with("256 backends: p000 1, p001 1, "), "{words}");
        assert!(words.ends_with("p007 1 and 248 more"), "{words}");
    }
}

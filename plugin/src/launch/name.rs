//! Names of what we create, chosen by us beforehand so that it can be deleted whatever became of the answer.

/// Characters of Kubernetes' own generated names: no vowels, so no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A fresh name such as `kubectl-pods-x7k2q9`.
#[must_use]
pub(super) fn fresh() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    // RandomState is keyed from the operating system's randomness, anew in every process; the process id and a time
    // make two runs of one key differ.
    let moment = std::time::SystemTime::now();
    let mut bits = RandomState::new().hash_one((std::process::id(), moment));
    let mut name = String::from("kubectl-pods-");
    for _ in 0..8 {
        let index = usize::try_from(bits % ALPHABET.len() as u64).unwrap_or_default();
        name.push(char::from(ALPHABET[index]));
        bits /= ALPHABET.len() as u64;
    }
    name
}

//! SHA-256 in hexadecimal.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The SHA-256 of `bytes`, 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// One digest over several named inputs. Their names and lengths count too, so that content cannot
/// move from one input to the next unnoticed.
pub fn fingerprint<'a>(inputs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in inputs {
        hasher.update(format!("{name} {}\n", bytes.len()));
        hasher.update(bytes);
    }
    HEXLOWER.encode(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digest() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }

    #[test]
    fn content_cannot_move_between_inputs() {
        let one = fingerprint([("a", &b"xy"[..]), ("b", &b"z"[..])]);
        let other = fingerprint([("a", &b"x"[..]), ("b", &b"yz"[..])]);
        assert_ne!(one, other);
    }
}

//! A text in a body that is not held.

/// Looks for a text in a stream while holding no more of it than the text is long.
pub(super) struct Search<'a> {
    wanted: &'a str,
    tail: Vec<u8>,
    found: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(wanted: &'a str) -> Self {
        Self { wanted, tail: Vec::new(), found: wanted.is_empty() }
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        if self.found {
            return;
        }
        self.tail.extend_from_slice(data);
        self.found =
            self.tail.windows(self.wanted.len()).any(|window| window == self.wanted.as_bytes());
        let keep = self.wanted.len() - 1;
        self.tail.drain(..self.tail.len().saturating_sub(keep));
    }

    /// The text, if it was there.
    pub(super) fn found(&self) -> Option<&'a str> {
        self.found.then_some(self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::Search;

    #[test]
    fn text_is_found_across_pieces() {
        let cases: [(&str, &str, &[&str], bool); 7] = [
            ("whole", "works", &["It works!"], true),
            ("cut in two", "works", &["It wo", "rks!"], true),
            ("byte by byte", "works", &["w", "o", "r", "k", "s"], true),
            ("not there", "works", &["It wor", "ds"], false),
            ("overlap", "aab", &["aa", "ab"], true),
            ("empty body", "works", &[], false),
            ("nothing wanted", "", &["It"], true),
        ];
        for (name, wanted, pieces, expected) in cases {
            let mut search = Search::new(wanted);
            for piece in pieces {
                search.push(piece.as_bytes());
            }
            assert_eq!(search.found(), expected.then_some(wanted), "{name}");
            assert!(
                search.tail.len() < wanted.len().max(1),
                "{name}: holds {} bytes",
                search.tail.len()
            );
        }
    }
}

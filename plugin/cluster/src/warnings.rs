//! `Warning` headers of the API server (RFC 7234, 5.5; KEP-1693).

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use http::{HeaderMap, header::WARNING};

static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Tells the user what the API server warns of.
pub type Warn = fn(&str);

/// Passes the server's warnings on to the user, each text once per run, as kubectl does.
pub(super) fn pass_on(headers: &HeaderMap, warn: Warn) {
    for text in
        headers.get_all(WARNING).iter().filter_map(|value| value.to_str().ok()).flat_map(read)
    {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.insert(text.clone()) {
            warn(&text);
        }
    }
}

/// The texts of one header: `299 - "text"`, several joined by commas.
fn read(header: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = header;
    while let Some(start) = rest.find('"') {
        let Some((text, after)) = quoted(&rest[start + 1..]) else { break };
        if rest[..start].trim_start_matches([',', ' ']).starts_with("299 ") {
            texts.push(text);
        }
        rest = after;
        // An optional quoted date follows the text, separated by one space.
        if let Some((_, after)) = rest.strip_prefix(" \"").and_then(quoted) {
            rest = after;
        }
    }
    texts
}

/// Reads up to the closing quote, which is consumed.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut unquoted = String::new();
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Some((unquoted, &text[index + 1..])),
            '\\' => unquoted.push(letters.next()?.1),
            _ => unquoted.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_warning_headers() {
        let cases = [
            ("one", r#"299 - "v1 Foo is deprecated""#, vec!["v1 Foo is deprecated"]),
            ("escapes", r#"299 kube "say \"hi\"""#, vec!["say \"hi\""]),
            ("two", r#"299 - "a, b", 299 - "c""#, vec!["a, b", "c"]),
            ("date", r#"299 - "a" "Sun, 22 Nov 2026 14:00:00 GMT", 299 - "b""#, vec!["a", "b"]),
            ("other code", r#"110 - "stale""#, vec![]),
            ("broken", r#"299 - "open"#, vec![]),
        ];
        for (name, header, expected) in cases {
            assert_eq!(read(header), expected, "{name}");
        }
    }
}

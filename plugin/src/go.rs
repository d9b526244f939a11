//! Go's way of saying things, for texts that must be kubectl's.

use std::{fmt::Write as _, io};

/// An operating system error in Go's words: `no such file or directory`, without Rust's
/// capital letter and `(os error 2)`.
#[must_use]
pub fn errno(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A string in Go's `%q`.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            control if u32::from(control) < 0x20 || control == '\u{7f}' => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_lower_case_and_bare() {
        assert_eq!(errno(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(errno(&io::Error::from_raw_os_error(111)), "connection refused");
    }

    #[test]
    fn quotes_as_go() {
        assert_eq!(quote("a\"b\\c\n\u{1b}é"), r#""a\"b\\c\n\x1bé""#);
    }
}

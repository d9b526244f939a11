//! The one place where text that came from elsewhere loses what could move a cursor, hide or reorder.
//!
//! No control character that came from the cluster, a guest or a target reaches a terminal.

use std::borrow::Cow;

/// Zero-width characters in a row that are still believed to be writing and not a flood; Zalgo text has dozens.
const ZERO_WIDTH_RUN: usize = 8;

/// Makes text safe to print within a line: white space of any kind becomes a space, all other control characters
/// (C0, DEL, C1), bidirectional controls and invisible tags are dropped, and long runs of zero-width characters are cut.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    clean(text, |_| false)
}

/// Like [`line()`], for text of several lines: line feeds and tabs stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    clean(text, |character| matches!(character, '\n' | '\t'))
}

fn clean(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Printable ASCII, which is nearly everything, is not copied.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') || (byte < 0x80 && keep(byte.into()))) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut zero_width = 0;
    for character in text.chars() {
        match fate(character) {
            _ if keep(character) => cleaned.push(character),
            Fate::Keep => cleaned.push(character),
            Fate::Space => cleaned.push(' '),
            Fate::Drop => continue,
            Fate::ZeroWidth if zero_width == ZERO_WIDTH_RUN => continue,
            Fate::ZeroWidth => {
                zero_width += 1;
                cleaned.push(character);
                continue;
            }
        }
        zero_width = 0;
    }
    Cow::Owned(cleaned)
}

enum Fate {
    Keep,
    Space,
    Drop,
    ZeroWidth,
}

fn fate(character: char) -> Fate {
    match character {
        // Tab to carriage return, next line, line and paragraph separator.
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Space,
        character if character.is_control() => Fate::Drop,
        // Bidirectional marks, embeddings, overrides and isolates (UAX #9).
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Fate::Drop
        }
        // Byte order mark, interlinear annotation, language tags.
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => Fate::Drop,
        character if unicode_width::UnicodeWidthChar::width(character) == Some(0) => {
            Fate::ZeroWidth
        }
        _ => Fate::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::{line, lines};

    #[test]
    fn line_keeps_writing_and_drops_control() {
        let cases = [
            ("plain", "nginx-ser 1/1", "nginx-ser 1/1"),
            ("accents, wide and joined", "é 日本 👩\u{200d}🚀", "é 日本 👩\u{200d}🚀"),
            ("cursor movement", "\u{1b}[2J\u{1b}[1;1Hroot", "[2J[1;1Hroot"),
            (
                "window title and clipboard",
                "\u{1b}]0;x\u{7}\u{1b}]52;c;eA==\u{7}",
                "]0;x]52;c;eA==",
            ),
            ("C1 in UTF-8", "a\u{9b}31mb\u{9d}0;c\u{9c}", "a31mb0;c"),
            ("backspace and delete", "ok\u{8}\u{8}no\u{7f}", "okno"),
            (
                "one line stays one line",
                "a\nb\r\nc\td\u{2028}e\u{2029}f\u{85}g\u{b}h",
                "a b  c d e f g h",
            ),
            ("bidi override", "user\u{202e}gpj.exe\u{2066}x\u{2069}", "usergpj.exex"),
            ("byte order mark and tags", "\u{feff}a\u{e0041}\u{fff9}b", "ab"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(line(text), expected, "{name}");
        }
    }

    #[test]
    fn floods_of_combining_marks_are_cut() {
        let flood = format!("a{}b{}", "\u{301}".repeat(5_000), "\u{301}".repeat(3));
        assert_eq!(line(&flood), format!("a{}b{}", "\u{301}".repeat(8), "\u{301}".repeat(3)));
    }

    #[test]
    fn lines_keep_line_feeds_and_tabs() {
        assert_eq!(lines("a\tb\n\u{1b}[0mc\r\n"), "a\tb\n[0mc \n");
    }
}

//! Text that came from the network, made safe to print.

/// Longest message of an attempt, in characters: more would only be an attack on somebody's log.
const MESSAGE_MAX_CHARS: usize = 400;

/// Replaces control characters, and those that reorder text (Unicode TR 36), and cuts what is too long.
pub(crate) fn printable(text: &str) -> String {
    printable_part(text, MESSAGE_MAX_CHARS)
}

/// The same for the first `max_chars` characters.
pub(crate) fn printable_part(text: &str, max_chars: usize) -> String {
    let safe =
        |c: char| if c.is_control() || reorders(c) { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().take(max_chars).map(safe).collect()
}

const fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_reaches_a_terminal_but_text() {
        let cases = [
            ("plain text stays", "no answer from 10.0.0.7", "no answer from 10.0.0.7"),
            ("other scripts stay", "größe 長さ", "größe 長さ"),
            ("escape sequence", "\u{1b}[31mred", "\u{fffd}[31mred"),
            ("C1 control", "\u{9b}2J", "\u{fffd}2J"),
            ("line break", "a\r\nb", "a\u{fffd}\u{fffd}b"),
            ("right-to-left override", "a\u{202e}b", "a\u{fffd}b"),
        ];
        for (name, input, expected) in cases {
            assert_eq!(printable(input), expected, "{name}");
        }
        assert_eq!(printable(&"x".repeat(10_000)).len(), 400, "long text is cut");
    }
}

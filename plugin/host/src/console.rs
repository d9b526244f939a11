//! What a guest prints, which nobody sees as it comes: kept line by line, as notes, and as its last words should it give up.

use std::mem;

/// Bytes of a line that are kept.
const LINE: usize = 4_096;
/// Lines that are kept.
const LINES: usize = 200;
/// How many of what it complained of are its last words.
const LAST: usize = 3;

/// Standard output and standard error of a guest.
#[derive(Debug, Default)]
pub(super) struct Console {
    output: Lines,
    error: Lines,
    printed: Vec<String>,
    complaints: Vec<String>,
}

impl Console {
    /// Takes bytes for standard output.
    pub(super) fn print(&mut self, bytes: &[u8]) {
        let lines = self.output.add(bytes);
        self.keep(lines);
    }

    /// Takes bytes for standard error.
    pub(super) fn complain(&mut self, bytes: &[u8]) {
        let lines = self.error.add(bytes);
        self.complaints.extend(
            lines.iter().filter(|line| says_something(line)).map(|line| line.trim().to_owned()),
        );
        self.complaints.drain(..self.complaints.len().saturating_sub(LAST));
        self.keep(lines);
    }

    fn keep(&mut self, lines: Vec<String>) {
        let room = LINES.saturating_sub(self.printed.len());
        self.printed.extend(lines.into_iter().take(room));
    }

    /// Every line so far.
    pub(super) fn take(&mut self) -> Vec<String> {
        let rest = [self.output.take(), self.error.take()];
        self.keep(rest.into_iter().flatten().collect());
        mem::take(&mut self.printed)
    }

    /// What it complained of last, in one line.
    pub(super) fn last_words(&self) -> Option<String> {
        let pending = self.error.pending();
        let pending = pending.as_deref().filter(|line| says_something(line)).map(str::trim);
        let last: Vec<&str> = self.complaints.iter().map(String::as_str).chain(pending).collect();
        (!last.is_empty()).then(|| last[last.len().saturating_sub(LAST)..].join(" / "))
    }
}

/// Not what Rust says of its own panics after their message, nor the brackets that end a value printed over several lines.
fn says_something(line: &str) -> bool {
    let is_advice = line.starts_with("note: run with `RUST_BACKTRACE");
    !is_advice && line.contains(char::is_alphanumeric)
}

/// Bytes on their way to lines.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    /// The lines that end with these bytes, without those that are empty.
    fn add(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let room = LINE.saturating_sub(self.0.len());
            self.0.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                lines.extend(self.take());
            }
        }
        lines
    }

    fn take(&mut self) -> Option<String> {
        let line = self.pending();
        self.0.clear();
        line
    }

    fn pending(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.0);
        let text = text.trim_end();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_lines_and_the_last_complaints_words() {
        let mut console = Console::default();
        console.print(b"one\ntw");
        console.complain(b"Traceback:\n\n  File x\n");
        console.print(b"o\n");
        assert_eq!(console.last_words().as_deref(), Some("Traceback: / File x"));
        console.complain(
            b"  in f\n)\nnote: run with `RUST_BACKTRACE=1` to see more\nValueError: b\xff",
        );
        assert_eq!(console.last_words().as_deref(), Some("File x / in f / ValueError: b\u{fffd}"));
        let advice = "note: run with `RUST_BACKTRACE=1` to see more";
        let lines = [
            "one",
            "Traceback:",
            "  File x",
            "two",
            "  in f",
            ")",
            advice,
            "ValueError: b\u{fffd}",
        ];
        assert_eq!(console.take(), lines);
        assert_eq!(console.take(), [""; 0]);
    }

    #[test]
    fn a_flood_keeps_its_beginning() {
        let mut console = Console::default();
        console.print(&vec![b'x'; 3 * LINE]);
        console.print(&b"\n".repeat(2));
        console.print(&b"line\n".repeat(3 * LINES));
        let lines = console.take();
        assert_eq!((lines.len(), lines[0].len(), lines[1].as_str()), (LINES, LINE, "line"));
        assert_eq!(console.last_words(), None);
    }
}

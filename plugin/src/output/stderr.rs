//! Standard error, which may be closed or full: what cannot be said there is lost, and the work goes on.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::LazyLock,
};

use table::sanitize;

static IS_TERMINAL: LazyLock<bool> = LazyLock::new(|| io::stderr().is_terminal());

/// One text and a line break. A terminal gets no control character from it, whoever wrote it; a file gets kubectl's
/// bytes.
pub(super) fn text(text: &str) {
    if *IS_TERMINAL {
        write(&sanitize::lines(text));
    } else {
        write(text);
    }
}

/// One line, whatever `text` holds.
pub(super) fn line(text: &str) {
    write(&sanitize::line(text));
}

/// Bytes without a line break of ours, with the same care.
pub(super) fn bytes(bytes: &[u8]) {
    let _ = if *IS_TERMINAL {
        io::stderr().write_all(sanitize::lines(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        io::stderr().write_all(bytes)
    };
}

/// In one piece, so that lines of other programs do not get in between. `eprintln!` would panic where this is silent.
fn write(text: &str) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

//! The only module that writes to stdout and stderr, and the one place where control characters are filtered.

mod judgement;
mod stderr;
mod stdout;
mod terminal;

pub use judgement::role;
pub use stdout::{ClosedPipe, Stdout};
pub use terminal::Terminal;

use cluster::Verbatim;
use table::sanitize;

use crate::exit::Exit;

/// Prints a help text to stdout, styled where that is welcome.
///
/// # Errors
///
/// As [`Stdout::write`].
pub fn help(text: &clap::builder::StyledStr) -> anyhow::Result<()> {
    let mut stdout = Stdout::new();
    let text = if stdout.terminal().is_rich { text.ansi().to_string() } else { text.to_string() };
    stdout.write(text.as_bytes())?;
    stdout.flush()
}

/// Prints an error to stderr, once, with its whole chain, and gives the exit code.
/// A closed pipe is no news.
#[must_use]
pub fn report(error: &anyhow::Error) -> Exit {
    if error.downcast_ref::<ClosedPipe>().is_some() {
        return Exit::Success;
    }
    if error.downcast_ref::<Verbatim>().is_some() {
        stderr::text(&error.to_string());
    } else {
        stderr::text(&format!("error: {error:#}"));
    }
    Exit::Failure
}

/// Prints several errors, one a line. Unlike a single one they go without `error: `, as in kubectl.
#[must_use]
pub fn report_all(errors: &[anyhow::Error]) -> Exit {
    match errors {
        [] => Exit::Success,
        [error] => report(error),
        several => {
            for error in several {
                stderr::text(&format!("{error:#}"));
            }
            Exit::Failure
        }
    }
}

/// Says that a list is empty; `place` ends the sentence.
pub fn nothing_found(place: &str) {
    stderr::text(&format!("No resources found{place}"));
}

/// Passes a warning of the API server on to the user, as kubectl does.
pub fn warning(text: &str) {
    stderr::text(&format!("Warning: {text}"));
}

/// Tells the user on stderr what is going on.
pub fn note(text: &str) {
    stderr::line(text);
}

/// Bytes for stderr as they are; a terminal gets no control character from them.
pub fn to_stderr(bytes: &[u8]) {
    stderr::bytes(bytes);
}

/// Writes `bytes` into the file at `path`, in place of what was there.
///
/// # Errors
///
/// Why that is not possible, in the system's words.
pub fn save(path: &std::path::Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| error.to_string())
}

/// Text of any origin, fit for a terminal: line breaks and tabs stay, what could steer it goes.
#[must_use]
pub fn for_terminal(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    sanitize::lines(&text).into_owned()
}

//! What standard output is, found out once.

use std::io::{IsTerminal as _, Stdout};

use rustix::termios::tcgetwinsize;

/// What standard output is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Whether a person is looking.
    pub is_one: bool,
    /// Whether colour is welcome: on a terminal, unless the user says no (<https://no-color.org>) or it is a dumb one.
    pub is_rich: bool,
    /// Its columns; unknown where it is none, or does not say.
    pub width: Option<u16>,
}

impl Terminal {
    pub(super) fn of(stdout: &Stdout) -> Self {
        if !stdout.is_terminal() {
            return Self::default();
        }
        let said = |name| std::env::var_os(name).unwrap_or_default();
        let width = tcgetwinsize(stdout).map(|size| size.ws_col);
        Self {
            is_one: true,
            is_rich: said("NO_COLOR").is_empty() && said("TERM") != "dumb",
            width: width.ok().filter(|columns| *columns > 0),
        }
    }
}

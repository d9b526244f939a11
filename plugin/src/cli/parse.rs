//! argv to [`Cli`](super::Cli), with kubectl's words for what is wrong.

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use super::Cli;

/// Why there is nothing to run: help was asked for, or a word was wrong.
#[derive(Debug)]
pub struct Stop(clap::Error);

impl Stop {
    /// Prints help to stdout or the complaint to stderr, and gives the exit code: 0 or 1, as kubectl.
    #[must_use]
    pub fn print(&self) -> ExitCode {
        let _ = self.0.print();
        ExitCode::from(u8::from(self.0.use_stderr()))
    }
}

/// Parses a command line, program name first.
///
/// # Errors
///
/// [`Stop`] when help or the version was asked for, or when a word is not understood.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Stop> {
    Cli::try_parse_from(args).map_err(Stop)
}

//! Exit codes, in one place.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done, and every assertion held.
    Success,
    /// Usage or API error: kubectl's 1.
    Failure,
    /// `check`: at least one target conclusively failed.
    TargetFailed,
    /// `check`, `curl`: no target failed, but at least one could not be judged.
    Inconclusive,
    /// `monitor install`: the standing probe stays, and at least one node has none that is ready.
    NotEverywhere,
    /// A guest failed and the built-in table was printed in its place (`EX_IOERR` of sysexits.h).
    GuestFailed,
    /// `curl`: the exit code that curl gives for the same trouble.
    Curl(u8),
    /// Ended by Ctrl-C (SIGINT), after cleaning up: 128 + 2, as shells count.
    Interrupted,
    /// Ended by SIGTERM, after cleaning up: 128 + 15.
    Terminated,
    /// Ended by SIGHUP, after cleaning up: 128 + 1.
    HungUp,
}

impl Exit {
    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::TargetFailed => 2,
            Self::Inconclusive | Self::NotEverywhere => 3,
            Self::GuestFailed => 74,
            Self::Curl(code) => code,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

//! Why a guest did not do its work: who, where, why, and what can be done.

use std::{fmt, time::Duration};

/// The call in which a guest failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Linking and starting the component.
    Start,
    /// `describe`
    Describe,
    /// `session.open`
    Open,
    /// `session.plan`
    Plan,
    /// `session.push`
    Push,
    /// `session.finish`
    Finish,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Start => "start",
            Self::Describe => "describe",
            Self::Open => "open",
            Self::Plan => "plan",
            Self::Push => "push",
            Self::Finish => "finish",
        })
    }
}

/// Why a guest failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It said so itself.
    #[error("{message}")]
    Returned {
        /// Its own stable code.
        code: String,
        /// Its own message.
        message: String,
        /// The row of the batch that it could not deal with, counted from 0.
        row: Option<u64>,
    },
    /// It was stopped by the clock.
    #[error("stopped after {:.1} s, the limit for {what} is {:.1} s", .after.as_secs_f64(), .limit.as_secs_f64())]
    Time {
        /// How long it ran.
        after: Duration,
        /// How long it was allowed to.
        limit: Duration,
        /// What the limit is for: one call or the session.
        what: &'static str,
    },
    /// It asked for too much memory; the text says how much.
    #[error("{0}")]
    Memory(String),
    /// It gave back more than it may; the text says of what.
    #[error("{0}")]
    Output(String),
    /// It gave up or was caught at something forbidden.
    #[error("{reason}{}", .last_words.as_ref().map(|words| format!(": {words}")).unwrap_or_default())]
    Trap {
        /// What happened, in plain words.
        reason: String,
        /// What the guest said just before.
        last_words: Option<String>,
    },
    /// What it gave back does not fit the contract or its own plan.
    #[error("{0}")]
    Contract(String),
}

/// A guest that did not do its work. The host lives on and prints its own table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("guest {guest} failed in {stage}: {why}{}", .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct GuestFailure {
    /// Who.
    pub guest: String,
    /// Where.
    pub stage: Stage,
    /// Why.
    pub why: Why,
    /// What the user can do about it.
    pub hint: Option<String>,
}

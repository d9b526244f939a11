//! The lines a one-shot probe writes to its standard output, one JSON object a line.
//!
//! A stream is `start`, then any number of `attempt`, `summary`, `standby`, `head`, `body` and `hop` lines, then `end`. Every line carries its
//! number `n`, counted from 0 without gaps, and `end` is the last: a reader that saw `end` with number N and N lines
//! before it saw everything. Anything else is an incomplete result.

use serde::{Deserialize, Serialize};

use crate::{Attempt, Hop, Summary};

/// One numbered line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbered {
    /// Position in the stream, from 0.
    pub n: u64,
    /// The content.
    #[serde(flatten)]
    pub record: Record,
}

/// Content of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "lowercase")]
pub enum Record {
    /// First line.
    Start {
        /// [`crate::WIRE_VERSION`].
        version: u32,
        /// Version of the probe.
        probe: String,
        /// Attempts that will follow.
        attempts: u64,
        /// Summaries that will follow instead, one for each check.
        #[serde(default)]
        summaries: u64,
    },
    /// A finished attempt.
    Attempt(Box<Attempt>),
    /// All attempts at one check, when the plan has more than [`crate::Plan::max_attempt_records`].
    Summary(Box<Summary>),
    /// A handshake with one of the [`crate::Check::standby`] of a check that had trouble. Not among the attempts that were
    /// announced: nobody knows beforehand whether there will be any.
    Standby(Box<Attempt>),
    /// Head of an HTTP answer; only with [`crate::HttpRequest::return_body`], before its `body` lines.
    Head {
        /// [`crate::Check::id`].
        check: u32,
        /// `HTTP/1.1`.
        version: String,
        /// Status code.
        status: u16,
        /// Reason phrase, possibly empty.
        reason: String,
        /// Headers in the order and spelling received; values that are not UTF-8 are replaced lossily.
        headers: Vec<(String, String)>,
        /// The bytes of this head as they came, and before them those of informational ones: standard base64.
        base64: String,
    },
    /// A piece of an HTTP body.
    Body {
        /// [`crate::Check::id`].
        check: u32,
        /// Standard base64 of at most 8 KiB.
        base64: String,
    },
    /// One request of an attempt; only with [`crate::HttpRequest::return_body`], after its `head` and `body` lines.
    Hop(Box<Hop>),
    /// Last line. Its number equals the number of lines before it.
    End {
        /// Bytes left out because of [`crate::HttpRequest::max_body_bytes`]: true if any were.
        #[serde(default)]
        truncated: bool,
    },
}

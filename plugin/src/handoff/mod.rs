//! What we do not do ourselves, kubectl does: flags and formats of `kubectl get pods` that are not ours are handed over.
//!
//! We do not imitate kubectl, we become it (`exec`): the same process goes on, with the words as they were typed, the
//! environment and the streams. So bytes, exit code and signals are kubectl's by construction. Whatever the list has a
//! flag for in `cli/get.rs` is ours and takes precedence over the table here.

mod flags;
mod kubectl;

use std::ffi::OsString;

pub use flags::{FLAGS, Flag, is_format};

/// A list that kubectl makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// The first flag that only kubectl knows, as in `--sort-by` or `-o jsonpath`.
    pub flag: String,
    /// What was typed after `kubectl pods`, without the word `get`.
    pub words: Vec<OsString>,
}

impl Handoff {
    /// Becomes `kubectl get pods` with the words that were typed. Comes back only when that cannot be.
    #[must_use]
    pub fn exec(&self) -> anyhow::Error {
        kubectl::exec(&self.words)
            .context(format!("{} is done by kubectl, which cannot be started", self.flag))
    }
}

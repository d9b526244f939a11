//! A cluster for the length of one run: nobody else's meanwhile, and removed when the run is interrupted.

use std::env;
use std::ffi::OsString;

use anyhow::{Context as _, Result};

use super::state::State;
use super::{Options, Running, logs};
use crate::host;
use crate::interrupt::Undo;
use crate::lock::FileLock;

/// The right to a cluster's name: while it is held, another run that wants the same name waits, also one of another
/// checkout. SIGINT and SIGTERM remove the cluster. Dropped, only the name becomes free: a cluster that was not taken
/// down stays.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    // Dropped in this order: what is somebody else's by now is not ours to remove.
    _undo: Undo,
    _lock: FileLock,
}

impl Lease {
    /// Takes the name, after whoever has it now.
    ///
    /// # Errors
    ///
    /// When we are not root, or cannot listen for signals.
    pub(crate) fn take(name: &str) -> Result<Self> {
        host::require_root("up")?;
        let lock = State::lock_for_run(name)?;
        let program = env::current_exe().context("where is this program?")?;
        let words = ["cluster", "down", "--name", name].map(OsString::from);
        let undo = Undo::with(std::iter::once(program.into_os_string()).chain(words))?;
        Ok(Self { name: name.to_owned(), _undo: undo, _lock: lock })
    }

    /// Starts the cluster, does `work` with it, and removes it, whatever came of that.
    ///
    /// # Errors
    ///
    /// Those of [`super::up`], `work` and [`super::down`]; each says where the logs of the cluster are kept.
    pub(crate) fn with_cluster<T>(
        self,
        options: &Options,
        work: impl FnOnce(&Running) -> Result<T>,
    ) -> Result<T> {
        let outcome = self.up(options).and_then(|running| work(&running));
        let outcome = outcome.map_err(|error| match logs::keep(&self.name) {
            Ok(kept) => error.context(format!("its cluster's logs are in {}", kept.display())),
            Err(_) => error,
        });
        match (outcome, super::down(&self.name)) {
            (Err(error), Err(down)) => {
                Err(error.context(format!("cluster {} is not removed ({down:#})", self.name)))
            }
            (outcome, down) => outcome.and_then(|value| down.map(|()| value)),
        }
    }

    /// As [`super::up`], under the name of this lease. The cluster stays.
    ///
    /// # Errors
    ///
    /// Those of [`super::up`].
    pub(crate) fn up(&self, options: &Options) -> Result<Running> {
        super::up(&Options { name: self.name.clone(), ..options.clone() })
    }
}

//! Ctrl-C and its relatives, noticed instead of died of, so that nothing stays in the cluster.
//!
//! One Ctrl-C may arrive as several signals: the terminal sends it to every process of its group, and `timeout`, make or
//! a shell passes its own on. So only a signal that answers what we said after the first one is a wish to be left alone.

use std::{pin::pin, time::Duration};

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::{
    signal::unix::{self, SignalKind},
    time::sleep,
};

use crate::{exit::Exit, output};

/// How long cleaning up may take before a word is said about it. Mostly it takes a tenth of that.
const QUIET: Duration = Duration::from_millis(300);
/// How long that word may take to be read. A signal before that is no answer to it.
const READING: Duration = Duration::from_secs(1);

/// Does `work`, which leaves nothing behind, unless a signal comes first: then this gives the exit code that tells of it.
///
/// # Errors
///
/// Those of `work`, and when the handlers cannot be installed.
pub(crate) async fn unless_stopped(
    work: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        exit = signals.next() => Ok(exit),
        done = work => done,
    }
}

/// Listens for the signals that ask us to stop.
pub(crate) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hang_up: unix::Signal,
    /// What the first one was.
    first: Option<Exit>,
    /// Whether the user knows that a further one ends the cleaning up.
    told: bool,
}

impl Signals {
    /// From now on these signals no longer end the process.
    ///
    /// # Errors
    ///
    /// When the handlers cannot be installed.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| unix::signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            first: None,
            told: false,
        })
    }

    /// Waits for the next signal and gives the exit code that tells of the first. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Exit {
        let exit = tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.hang_up.recv() => Exit::HungUp,
        };
        *self.first.get_or_insert(exit)
    }

    /// The exit code that tells of the first signal, if there was one.
    pub(crate) const fn first(&self) -> Option<Exit> {
        self.first
    }

    /// Does `work`, which removes what we made. It is given up, without an outcome, on a further signal: one that came
    /// after the user was told what is going on and had the time to read it.
    pub(crate) async fn clean_up<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        tokio::select! {
            done = &mut work => Some(done),
            () = self.impatience() => None,
        }
    }

    async fn impatience(&mut self) {
        if self.first.is_none() {
            self.next().await;
        }
        if !self.told {
            sleep(QUIET).await;
            output::note("cleaning up; press Ctrl-C again to leave the rest behind");
            self.told = true;
            sleep(READING).await;
        }
        // What came meanwhile is the first signal's echo.
        while self.next().now_or_never().is_some() {}
        self.next().await;
    }
}

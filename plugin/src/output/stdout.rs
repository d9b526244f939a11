//! Buffered standard output that knows whether it is a terminal and what a closed pipe means.

use std::io::{self, BufWriter, Write as _};

use table::grid::Look;

use super::Terminal;

/// The reader of our output went away: `kubectl pods … | head`. Not an error worth a word.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
pub struct ClosedPipe;

/// Standard output. Dropping it without [`Stdout::flush`] loses what is buffered.
pub struct Stdout {
    inner: BufWriter<io::Stdout>,
    terminal: Terminal,
}

impl Stdout {
    /// Takes standard output for the rest of the run.
    #[must_use]
    pub fn new() -> Self {
        let stdout = io::stdout();
        let terminal = Terminal::of(&stdout);
        Self { inner: BufWriter::with_capacity(64 * 1024, stdout), terminal }
    }

    /// What it is.
    #[must_use]
    pub const fn terminal(&self) -> Terminal {
        self.terminal
    }

    /// How a table of ours is to look here.
    #[must_use]
    pub fn look(&self, no_headers: bool) -> Look {
        let Terminal { is_rich, width, .. } = self.terminal;
        Look { no_headers, rich: is_rich, width: width.map(usize::from) }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    ///
    /// [`ClosedPipe`] when the reader went away, any other I/O error as it is.
    pub fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.inner.write_all(bytes).map_err(explain)
    }

    /// Writes all of it, in a thread of its own: whoever reads slowly (`| less`) holds up nothing else that is under way.
    ///
    /// # Errors
    ///
    /// As [`Stdout::write`].
    pub async fn print(mut self, bytes: Vec<u8>) -> anyhow::Result<()> {
        let printing = tokio::task::spawn_blocking(move || {
            self.write(&bytes)?;
            self.flush()
        });
        printing.await?
    }

    /// Pushes everything out.
    ///
    /// # Errors
    ///
    /// As [`Stdout::write`].
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.inner.flush().map_err(explain)
    }
}

impl Default for Stdout {
    fn default() -> Self {
        Self::new()
    }
}

fn explain(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return ClosedPipe.into();
    }
    anyhow::Error::new(error).context("cannot write to standard output")
}

//! Says on stderr what is going on: one line that keeps changing on a terminal, otherwise, and where
//! others write to the terminal too, a line every few seconds.

use std::io::{IsTerminal, Write as _, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a line appears where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// How often the line on a terminal is redrawn.
const REDRAW_EVERY: Duration = Duration::from_millis(200);

/// Set where others write to the terminal too.
static SHARED_TERMINAL: AtomicBool = AtomicBool::new(false);

/// From now on others write to the terminal while we work: whole lines instead of one that changes.
pub(crate) fn share_terminal() {
    SHARED_TERMINAL.store(true, Ordering::Relaxed);
}

/// One piece of work the user waits for. Dropped without [`Progress::done`], it ends without a word:
/// the error that follows says enough.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    started: Instant,
    detail: Option<Sender<String>>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Announces `what`, such as "building Kubernetes", and keeps showing that it goes on.
    pub(crate) fn start(what: impl Into<String>) -> Self {
        let (what, started) = (what.into(), Instant::now());
        let (sender, receiver) = channel();
        let terminal = stderr().is_terminal() && !SHARED_TERMINAL.load(Ordering::Relaxed);
        let mut painter = Painter { what: what.clone(), started, terminal };
        painter.announce();
        let painter = std::thread::spawn(move || painter.run(&receiver));
        Self { what, started, detail: Some(sender), painter: Some(painter) }
    }

    /// What it is at now. Cheap enough to call for every line a compiler writes.
    pub(crate) fn update(&self, detail: impl Into<String>) {
        if let Some(sender) = &self.detail {
            let _ = sender.send(detail.into());
        }
    }

    /// Ends with the time it took.
    pub(crate) fn done(mut self) {
        self.stop();
        eprintln!("{}: done in {}", self.what, seconds(self.started.elapsed()));
    }

    fn stop(&mut self) {
        self.detail = None;
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}

#[derive(Debug)]
struct Painter {
    what: String,
    started: Instant,
    terminal: bool,
}

impl Painter {
    fn announce(&mut self) {
        if self.terminal {
            self.paint("");
        } else {
            eprintln!("{} …", self.what);
        }
    }

    fn run(&mut self, details: &Receiver<String>) {
        let every = if self.terminal { REDRAW_EVERY } else { LINE_EVERY };
        let (mut detail, mut next) = (String::new(), Instant::now() + every);
        loop {
            match details.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(newer) => detail = newer,
                Err(RecvTimeoutError::Timeout) => {
                    self.paint(&detail);
                    next = Instant::now() + every;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if self.terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }

    fn paint(&self, detail: &str) {
        let detail = if detail.is_empty() { String::new() } else { format!(", {detail}") };
        let line = format!("{}: {}{detail}", self.what, seconds(self.started.elapsed()));
        if self.terminal {
            // Whatever is wider than a narrow terminal would wrap, and then not be overwritten.
            let _ = write!(stderr(), "\r\x1b[K{}", line.chars().take(78).collect::<String>());
            let _ = stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }
}

/// "0.4 s" or "2 min 05 s".
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let cases =
            [(0.44, "0.4 s"), (59.0, "59.0 s"), (60.0, "1 min 00 s"), (125.9, "2 min 05 s")];
        for (duration, expected) in cases {
            assert_eq!(seconds(Duration::from_secs_f64(duration)), expected);
        }
    }
}

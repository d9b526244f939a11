//! The steps of a long run, and how long each took.

use std::fmt;
use std::time::{Duration, Instant};

/// The steps so far. A step lasts until the next one begins.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration)>,
    current: Option<(String, Instant)>,
}

impl Steps {
    /// Ends the step before, and says what begins now.
    pub(crate) fn begin(&mut self, title: &str) {
        self.end();
        println!("\n== {title}");
        self.current = Some((title.to_owned(), Instant::now()));
    }

    /// Ends the last step.
    pub(crate) fn end(&mut self) {
        if let Some((title, begun)) = self.current.take() {
            self.done.push((title, begun.elapsed()));
        }
    }
}

/// Seconds and title, a line for each step, and the sum.
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, took) in &self.done {
            writeln!(f, "{:7.1} s  {title}", took.as_secs_f64())?;
        }
        let sum: Duration = self.done.iter().map(|(_, took)| *took).sum();
        write!(f, "{:7.1} s  all", sum.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_ends_where_the_next_begins() {
        let mut steps = Steps::default();
        steps.begin("lint");
        steps.begin("docs");
        assert_eq!(steps.done.len(), 1);
        steps.end();
        steps.end();
        let titles: Vec<_> = steps.done.iter().map(|(title, _)| title.as_str()).collect();
        assert_eq!(titles, ["lint", "docs"]);
        steps.done = vec![
            ("lint".to_owned(), Duration::from_millis(1250)),
            ("docs".to_owned(), Duration::from_secs(100)),
        ];
        assert_eq!(steps.to_string(), "    1.2 s  lint\n  100.0 s  docs\n  101.2 s  all");
    }
}

//! One sum over everything that several test runners said.

use std::fmt;

/// What all test runs said together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    pub(super) measured: u64,
    pub(super) filtered_out: u64,
}

impl Totals {
    /// Adds a closing line of libtest: `test result: ok. 3 passed; 0 failed; 1 ignored; …`. Every other line is none.
    pub(super) fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or(result, |(_, counts)| counts);
        for part in counts.split("; ") {
            let mut words = part.split(' ');
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                "measured" => self.measured += count,
                "filtered" => self.filtered_out += count,
                _ => {}
            }
        }
    }

    /// How many tests ran.
    pub(super) fn ran(self) -> u64 {
        self.passed + self.failed
    }

    /// The sum in libtest's own closing form. A run that ended badly without a count (it did not compile, it was
    /// killed) is no `ok` either.
    pub(super) fn closing(self, ok: bool) -> String {
        let verdict = if ok && self.failed == 0 { "ok" } else { "FAILED" };
        let Self { passed, failed, ignored, measured, filtered_out } = self;
        format!(
            "test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; {measured} measured; \
             {filtered_out} filtered out"
        )
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn closing_lines_add_up() {
        let mut totals = Totals::default();
        totals.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out");
        totals.add(
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.01s",
        );
        totals.add("test offline::x ... ok");
        let expected =
            Totals { passed: 4, failed: 2, ignored: 1, filtered_out: 7, ..Totals::default() };
        assert_eq!(totals, expected);
        let line = "test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 7 filtered out";
        assert_eq!(totals.closing(false), line);
    }

    #[test]
    fn only_a_run_without_any_failure_is_ok() {
        let passed = Totals { passed: 1, ..Totals::default() };
        let failed = Totals { failed: 1, ..passed };
        for (totals, ok, verdict) in
            [(passed, true, "ok"), (passed, false, "FAILED"), (failed, true, "FAILED")]
        {
            let closing = totals.closing(ok);
            assert!(closing.starts_with(&format!("test result: {verdict}. ")), "{closing}");
        }
    }
}

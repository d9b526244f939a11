//! Reads the numbered records of a one-shot probe, and says whether all of them came.
//!
//! The log of a container mixes standard output with whatever else was written there (a panic, a message of the
//! container runtime), may be cut anywhere, and may be read again from its start after a lost connection. So a line is
//! taken if and only if it is the next record; known ones are passed over, and lines that are no record are kept as hints.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kubectl_pods_report::{Attempt, Hop, Numbered, Record, Summary, WIRE_VERSION};

/// Lines that are no record are kept for the message, so many and so long at most.
const MAX_HINTS: usize = 3;
const MAX_HINT_CHARS: usize = 200;

/// Head of an HTTP answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// `HTTP/1.1`.
    pub version: String,
    /// Status code.
    pub status: u16,
    /// Reason phrase, possibly empty.
    pub reason: String,
    /// Headers in the order and spelling received.
    pub headers: Vec<(String, String)>,
    /// As it came, with the informational ones before it.
    pub bytes: Vec<u8>,
}

impl Head {
    /// The value of the first header of this name, however that is spelt.
    #[must_use]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// How many lines it has after the first one, as far as it came.
    pub(crate) fn count(&self) -> usize {
        let lines: Vec<String> = self.lines().collect();
        let last = lines.iter().rev().skip_while(|line| line.is_empty());
        last.take_while(|line| !line.is_empty()).count().saturating_sub(1)
    }

    /// Its lines as they came, without their ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let lines = self.bytes.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| {
            let line = String::from_utf8_lossy(line);
            line.trim_end_matches(['\r', '\n']).to_owned()
        })
    }
}

/// One HTTP request, and the head of its answer if one came.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Exchange {
    /// The request, and what became of it.
    pub hop: Hop,
    /// Head of the answer.
    pub head: Option<Head>,
    /// What stood behind its body, as it came.
    pub trailers: Vec<u8>,
}

/// What a probe reported.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Results {
    /// Finished attempts in the order in which they ended.
    pub attempts: Vec<Attempt>,
    /// What there is instead when the attempts are too many, one for each check.
    pub summaries: Vec<Summary>,
    /// Handshakes with what stands by for checks that had trouble.
    pub standby: Vec<Attempt>,
    /// HTTP requests whose answers were to be returned, in their order, by the id of their check.
    pub exchanges: BTreeMap<u32, Vec<Exchange>>,
    /// Bodies of HTTP answers, by the id of their check.
    pub bodies: BTreeMap<u32, Vec<u8>>,
    /// Whether a body was cut at [`kubectl_pods_report::HttpRequest::max_body_bytes`].
    pub truncated: bool,
    /// Why they say less than they seem to, until that is settled.
    pub doubt: Option<Doubt>,
}

/// Why results say less than they seem to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// Who was not ready: names of containers.
    pub(super) sidecars: Vec<String>,
    /// How much later they were; unknown when they were not in time, or the probe was gone by then.
    pub(super) later: Option<Duration>,
}

impl Results {
    fn count(&self) -> u64 {
        (self.attempts.len() + self.summaries.len()) as u64
    }
}

/// Collects records line by line.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    results: Results,
    /// Number of the next record.
    next: u64,
    /// Attempts and summaries announced by the start record.
    announced: u64,
    ended: bool,
    /// Heads of answers whose requests are yet to be told, by the id of their check.
    heads: BTreeMap<u32, Head>,
    fault: Option<String>,
    hints: Vec<String>,
}

impl Reader {
    /// Takes one line, without its line break.
    pub(super) fn line(&mut self, line: &str) {
        match serde_json::from_str(line) {
            Ok(numbered) => self.record(numbered),
            Err(_) => self.hint(line),
        }
    }

    /// Takes one record.
    pub(super) fn record(&mut self, Numbered { n, record }: Numbered) {
        if n < self.next || self.is_finished() {
            return;
        }
        if n > self.next {
            // A later reading from the start may fill the gap, so this is no fault yet.
            return;
        }
        self.next += 1;
        if let Err(fault) = self.take(n, record) {
            self.fault = Some(fault);
        }
    }

    /// Whether nothing more needs to be read: all records are here, or what came can never become whole.
    #[must_use]
    pub(super) const fn is_finished(&self) -> bool {
        self.ended || self.fault.is_some()
    }

    /// Whether a probe was heard at all.
    #[must_use]
    pub(super) const fn has_begun(&self) -> bool {
        self.next > 0
    }

    /// The results, if they are whole.
    ///
    /// # Errors
    ///
    /// What is missing, in words, with what else the container wrote.
    pub(super) fn finish(self) -> Result<Results, String> {
        let problem = match self.fault {
            Some(fault) => fault,
            None if self.ended => return Ok(self.results),
            None if self.next == 0 => "the probe wrote no result".to_owned(),
            None => format!(
                "the probe's log ends after {} records ({} of {} results) without its last one",
                self.next,
                self.results.count(),
                self.announced
            ),
        };
        if self.hints.is_empty() {
            return Err(problem);
        }
        Err(format!("{problem}; it wrote: {}", self.hints.join(" / ")))
    }

    fn take(&mut self, n: u64, record: Record) -> Result<(), String> {
        match record {
            Record::Start { version, .. } if version != WIRE_VERSION => Err(format!(
                "the probe speaks version {version} of the result format, this program version {WIRE_VERSION}: \
                 use a probe image of the same release"
            )),
            Record::Start { attempts, summaries, .. } if n == 0 => {
                self.announced = attempts.saturating_add(summaries);
                Ok(())
            }
            _ if n == 0 => Err("the probe's first record is no start record".to_owned()),
            Record::Start { .. } => Err(format!("record {n} of the probe is a second start")),
            Record::Attempt(attempt) => {
                self.results.attempts.push(*attempt);
                Ok(())
            }
            Record::Summary(summary) => {
                self.results.summaries.push(*summary);
                Ok(())
            }
            Record::Standby(attempt) => {
                self.results.standby.push(*attempt);
                Ok(())
            }
            Record::Head { check, version, status, reason, headers, base64 } => {
                let bytes = decode(n, &base64)?;
                self.heads.insert(check, Head { version, status, reason, headers, bytes });
                Ok(())
            }
            Record::Hop(hop) => {
                let head = self.heads.remove(&hop.check);
                let trailers = decode(n, &hop.trailers)?;
                let exchanges = self.results.exchanges.entry(hop.check).or_default();
                exchanges.push(Exchange { hop: *hop, head, trailers });
                Ok(())
            }
            Record::Body { check, base64 } => {
                let piece = decode(n, &base64)?;
                self.results.bodies.entry(check).or_default().extend(piece);
                Ok(())
            }
            Record::End { truncated } => self.end(truncated),
        }
    }

    fn end(&mut self, truncated: bool) -> Result<(), String> {
        let got = self.results.count();
        if got != self.announced {
            return Err(format!(
                "the probe announced {} results and reported {got}",
                self.announced
            ));
        }
        self.results.truncated = truncated;
        self.ended = true;
        Ok(())
    }

    fn hint(&mut self, line: &str) {
        let text: String =
            line.trim().chars().filter(|c| !c.is_control()).take(MAX_HINT_CHARS).collect();
        if !text.is_empty() && self.hints.len() < MAX_HINTS && !self.hints.contains(&text) {
            self.hints.push(text);
        }
    }
}

fn decode(n: u64, base64: &str) -> Result<Vec<u8>, String> {
    let decoded = BASE64_STANDARD.decode(base64);
    decoded.map_err(|error| format!("record {n} of the probe is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Check, Facts, Observation, Tally};

    use super::*;

    fn attempt() -> Attempt {
        let check = Check::new(0, "web", "10.0.0.7", Ask::tcp(80));
        Attempt::new(&check, Facts::new(Observation::Open, "connected"))
    }

    fn lines(records: Vec<Record>) -> Vec<String> {
        let numbered = (0..).zip(records).map(|(n, record)| Numbered { n, record });
        numbered.map(|line| serde_json::to_string(&line).expect("a record serializes")).collect()
    }

    fn start(version: u32, attempts: u64, summaries: u64) -> Record {
        Record::Start { version, probe: "0.1.0".to_owned(), attempts, summaries }
    }

    fn whole() -> Vec<String> {
        lines(vec![
            start(WIRE_VERSION, 1, 0),
            Record::Body { check: 0, base64: BASE64_STANDARD.encode("It ") },
            Record::Body { check: 0, base64: BASE64_STANDARD.encode("works!\n") },
            Record::Attempt(Box::new(attempt())),
            Record::End { truncated: false },
        ])
    }

    fn read(lines: &[String]) -> Result<Results, String> {
        let mut reader = Reader::default();
        for line in lines {
            reader.line(line);
        }
        reader.finish()
    }

    #[test]
    fn a_whole_stream_is_whole() {
        let results = read(&whole()).expect("whole");
        assert_eq!(results.attempts, [attempt()]);
        assert_eq!(results.bodies[&0], b"It works!\n");
    }

    #[test]
    fn summaries_are_counted_like_attempts() {
        let summary = || [&attempt()].into_iter().collect::<Tally>().sum_up(0);
        let summed_up = |announced| {
            let summary = Record::Summary(Box::new(summary()));
            let end = Record::End { truncated: false };
            read(&lines(vec![start(WIRE_VERSION, 0, announced), summary, end]))
        };
        assert_eq!(summed_up(1).expect("whole").summaries, [summary()]);
        let error = summed_up(2).expect_err("one is missing");
        assert!(error.contains("announced 2 results and reported 1"), "{error}");
    }

    #[test]
    fn what_stands_by_is_none_of_the_announced_results() {
        let mut records = vec![start(WIRE_VERSION, 1, 0), Record::Attempt(Box::new(attempt()))];
        records.push(Record::Standby(Box::new(attempt())));
        records.push(Record::End { truncated: false });
        let results = read(&lines(records)).expect("whole");
        assert_eq!((results.attempts.len(), results.standby.len()), (1, 1));
    }

    #[test]
    fn a_stream_cut_after_any_line_but_the_last_is_incomplete() {
        let all = whole();
        for kept in 0..all.len() {
            assert!(read(&all[..kept]).is_err(), "{kept} lines passed as whole");
        }
        let mut torn = all.clone();
        let last = torn.last_mut().expect("lines");
        last.pop();
        assert!(read(&torn).is_err(), "half an end record passed as whole");
    }

    #[test]
    fn a_missing_line_is_noticed_and_a_second_reading_fills_it() {
        let all = whole();
        for missing in 0..all.len() {
            let mut lines = all.clone();
            lines.remove(missing);
            assert!(read(&lines).is_err(), "line {missing} was not missed");
            lines.extend(all.clone());
            assert_eq!(read(&lines), read(&all), "line {missing} was not filled in");
        }
    }

    #[test]
    fn what_can_never_be_whole_says_why() {
        let start = |version, attempts| start(version, attempts, 0);
        let end = || Record::End { truncated: false };
        let damaged = || Record::Body { check: 0, base64: "*".to_owned() };
        let cases = [
            (
                "other version",
                vec![start(WIRE_VERSION + 1, 0), end()],
                "use a probe image of the same release",
            ),
            (
                "too few attempts",
                vec![start(WIRE_VERSION, 2), end()],
                "announced 2 results and reported 0",
            ),
            ("no start", vec![end()], "no start record"),
            (
                "two starts",
                vec![start(WIRE_VERSION, 0), start(WIRE_VERSION, 0), end()],
                "second start",
            ),
            ("no base64", vec![start(WIRE_VERSION, 0), damaged(), end()], "damaged"),
        ];
        for (name, records, problem) in cases {
            let error = read(&lines(records)).expect_err(name);
            assert!(error.contains(problem), "{name}: {error}");
        }
    }

    #[test]
    fn other_words_in_the_log_are_hints_without_control_characters() {
        let garbage = ["exec \u{1b}[31m/probe: exec format error".to_owned(), "{\"n\":".to_owned()];
        let error = read(&garbage).expect_err("garbage");
        assert!(error.contains("exec [31m/probe: exec format error"), "{error}");
        let mut mixed = whole();
        mixed.insert(2, "warning: something".to_owned());
        assert_eq!(read(&mixed), read(&whole()));
    }
}

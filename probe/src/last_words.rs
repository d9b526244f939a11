//! The records of a one-shot probe in 4 KiB, for a file that outlives it.
//!
//! Whoever started the probe reads its standard output, unless something is between them. What a container writes into
//! its termination message goes another way, but is short: so all records, compressed; if they are still too many, without
//! what only explains them; if bodies are among them that do not fit, nothing.

use std::io;

use kubectl_pods_report::{Attempt, MAX_RESULT_FILE_BYTES, Numbered, Record};

use crate::plan::{compress, decompress};

/// Records of more JSON than this would not fit, however much they repeat themselves. They need not be kept in memory.
const MAX_JSON_BYTES: usize = 512 * 1024;

/// Collects records for the file.
#[derive(Debug, Default)]
pub struct LastWords {
    records: Vec<Numbered>,
    json_bytes: usize,
}

impl LastWords {
    /// Takes one more record, which takes so many bytes of JSON.
    pub fn add(&mut self, record: Numbered, json_bytes: usize) {
        self.json_bytes = self.json_bytes.saturating_add(json_bytes);
        if self.json_bytes > MAX_JSON_BYTES {
            self.records = Vec::new();
        } else {
            self.records.push(record);
        }
    }

    /// The text of the file, if all records fit into it.
    #[must_use]
    pub fn pack(self) -> Option<String> {
        if self.json_bytes > MAX_JSON_BYTES {
            return None;
        }
        let packed = pack_records(&self.records).ok()?;
        if packed.len() <= MAX_RESULT_FILE_BYTES {
            return Some(packed);
        }
        let records: Vec<Numbered> = self.records.into_iter().map(without_evidence).collect();
        pack_records(&records).ok().filter(|packed| packed.len() <= MAX_RESULT_FILE_BYTES)
    }
}

/// Records as text, whatever its length.
fn pack_records(records: &[Numbered]) -> io::Result<String> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    compress(&lines)
}

/// The records in a text of [`LastWords::pack`], one line each.
///
/// # Errors
///
/// When it is none.
pub fn unpack_records(text: &str) -> io::Result<String> {
    String::from_utf8(decompress(text.trim())?).map_err(io::Error::other)
}

fn without_evidence(Numbered { n, record }: Numbered) -> Numbered {
    let record = match record {
        Record::Attempt(attempt) => Record::Attempt(lean(attempt)),
        Record::Standby(attempt) => Record::Standby(lean(attempt)),
        other => other,
    };
    Numbered { n, record }
}

/// The error's name stays: curl's exit code hangs on it.
fn lean(mut attempt: Box<Attempt>) -> Box<Attempt> {
    (attempt.evidence.tcp_info, attempt.evidence.starvation) = (None, None);
    attempt
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::{Ask, Attempt, Check, Facts, Observation};

    use super::*;

    fn attempt(id: u32) -> Record {
        let check = Check::new(id, format!("pod/web-{id}:80"), "10.0.0.7", Ask::tcp(80));
        let facts = Facts {
            started_seconds: 1.7e9 + f64::from(id) / 64.0,
            total_seconds: f64::from(id) / 4096.0,
            ..Facts::new(Observation::Open, "connected")
        };
        Record::Attempt(Box::new(Attempt::new(&check, facts)))
    }

    fn packed(records: Vec<Record>) -> (Vec<Numbered>, Option<String>) {
        let records: Vec<Numbered> =
            (0..).zip(records).map(|(n, record)| Numbered { n, record }).collect();
        let mut words = LastWords::default();
        for record in &records {
            let size = serde_json::to_vec(record).expect("JSON").len();
            words.add(record.clone(), size);
        }
        (records, words.pack())
    }

    fn read(text: &str) -> Vec<Numbered> {
        let lines = unpack_records(text).expect("lines");
        lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    #[test]
    fn what_fits_is_read_as_it_was_written() {
        let (records, text) = packed((0..20).map(attempt).collect());
        let text = text.expect("20 attempts fit");
        assert!(text.len() <= MAX_RESULT_FILE_BYTES, "{} bytes", text.len());
        assert_eq!(read(&text), records);
    }

    #[test]
    fn what_does_not_fit_is_left_out_as_a_whole() {
        assert_eq!(packed((0..3000).map(attempt).collect()).1, None);
        let noise = |n: u32| n.wrapping_mul(2_654_435_761).to_string();
        let body = Record::Body { check: 0, base64: (0..2000).map(noise).collect() };
        assert_eq!(packed(vec![attempt(0), body]).1, None, "half a body is none");
        assert!(unpack_records("Error: something else").is_err());
    }
}

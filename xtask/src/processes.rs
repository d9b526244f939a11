//! The processes of this machine, as proc(5) lists them.

use std::fs;

/// A process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    /// Its process group, which has the number of its leader.
    pub(crate) group: i32,
    /// It ended, and whoever started it has not asked how.
    pub(crate) is_zombie: bool,
}

/// All of them.
pub(crate) fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered =
        entries.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit));
    let texts = numbered.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    texts.filter_map(|text| parse(&text)).collect()
}

/// `PID (COMM) STATE PPID PGRP …`, and COMM may hold anything.
fn parse(stat: &str) -> Option<Process> {
    let (front, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    Some(Process {
        pid: front.split_once(' ')?.0.parse().ok()?,
        is_zombie: matches!(fields.next()?, "Z" | "X"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_stat() {
        let process = |is_zombie| Process { pid: 42, parent: 7, group: 40, is_zombie };
        let cases = [
            ("42 (sh) S 7 40 40 0", Some(process(false))),
            ("42 (a) R (b) Z 7 40 40 0", Some(process(true))),
            ("42 (sh) S 7", None),
            ("", None),
        ];
        for (stat, expected) in cases {
            assert_eq!(parse(stat), expected, "{stat:?}");
        }
    }

    #[test]
    fn this_process_is_among_them() {
        let me = i32::try_from(std::process::id()).unwrap();
        let found = all().into_iter().find(|process| process.pid == me).unwrap();
        assert!(!found.is_zombie && found.parent > 0);
    }
}

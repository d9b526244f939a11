//! Flag values: booleans, integers and durations in Go's grammar, as kubectl reads them; sizes as curl reads them.

use std::time::Duration;

use cluster::go;

/// Reads a boolean as Go's `strconv.ParseBool` does.
///
/// # Errors
///
/// Go's words for what is not one.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// Reads an integer as Go's `strconv.ParseInt(text, 10, 64)` does.
///
/// # Errors
///
/// Go's words for what is not one.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};

    text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        PosOverflow | NegOverflow => {
            format!("strconv.ParseInt: parsing {text:?}: value out of range")
        }
        _ => format!("strconv.ParseInt: parsing {text:?}: invalid syntax"),
    })
}

/// Reads a time: a number of seconds as curl has it (`2.5`), or Go's grammar (`500ms`, `1m30s`).
///
/// # Errors
///
/// When it is neither, or not longer than 0 and at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().map(Duration::try_from_secs_f64);
    let duration = match seconds {
        Some(Ok(duration)) => duration,
        Some(Err(_)) => return Err("a time is longer than 0".to_owned()),
        None => {
            go::duration(text).ok_or("a time is a number of seconds or, say, 500ms, 10s, 1m30s")?
        }
    };
    if duration.is_zero() || duration > Duration::from_hours(24) {
        return Err("a time is longer than 0 and at most a day".to_owned());
    }
    Ok(duration)
}

/// Reads the time between two attempts of a standing probe.
///
/// # Errors
///
/// As [`duration`], and when it is shorter than a standing probe accepts.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let every = duration(text)?;
    if every < Duration::from_millis(100) {
        return Err("an interval is at least 100ms".to_owned());
    }
    Ok(every)
}

/// Reads the name of a node (RFC 1123 subdomain, as of any object without a rule of its own).
///
/// # Errors
///
/// When it is none.
pub(super) fn node_name(text: &str) -> Result<String, String> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_part = |part: &str| {
        let ends = [part.bytes().next(), part.bytes().last()];
        part.bytes().all(|b| letter(b) || b == b'-')
            && ends.iter().all(|end| end.is_some_and(letter))
    };
    if text.len() > 253 || !text.split('.').all(is_part) {
        return Err("a node's name has 1 to 253 of a-z, 0-9, - and .".to_owned());
    }
    Ok(text.to_owned())
}

/// Reads a name that an object and its label can have (RFC 1123).
///
/// # Errors
///
/// When it is none.
pub(super) fn object_name(text: &str) -> Result<String, String> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let allowed = text.bytes().all(|b| letter(b) || b == b'-');
    let ends = text.bytes().next().is_some_and(letter) && text.bytes().last().is_some_and(letter);
    if text.len() > 63 || !allowed || !ends {
        return Err("a name has 1 to 63 of a-z, 0-9 and -, and no - at its ends".to_owned());
    }
    Ok(text.to_owned())
}

/// HTTP statuses as an inclusive range: `200`, `2xx`, `200-299`.
pub type StatusRange = (u16, u16);

/// Reads one [`StatusRange`].
///
/// # Errors
///
/// When it is none.
pub(super) fn statuses(text: &str) -> Result<StatusRange, String> {
    let problem = || format!("{text:?} is no HTTP status: 200, 2xx or 200-299");
    let status = |text: &str| match text.parse() {
        Ok(status) if (100..=999).contains(&status) => Ok(status),
        _ => Err(problem()),
    };
    if let Some(class) = text.to_ascii_lowercase().strip_suffix("xx") {
        let first = status(&format!("{class}00"))?;
        return Ok((first, first + 99));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (status(first)?, status(last)?) {
        (first, last) if first <= last => Ok((first, last)),
        _ => Err(problem()),
    }
}

/// Reads a size in bytes: a number, or one with k, M or G, or Ki, Mi or Gi. All are powers of 1024, as curl has them.
///
/// # Errors
///
/// When it is none, is 0, or is too large.
pub(super) fn size<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let lower = text.to_ascii_lowercase();
    let number = lower.strip_suffix('i').filter(|number| number.ends_with(['k', 'm', 'g']));
    let number = number.unwrap_or(&lower);
    let units = [('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30)];
    let unit =
        units.into_iter().find_map(|(unit, bytes)| Some((number.strip_suffix(unit)?, bytes)));
    let (digits, bytes) = unit.unwrap_or((number, 1));
    let size = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(bytes));
    let size = size.filter(|&size| size > 0).and_then(|size| T::try_from(size).ok());
    size.ok_or_else(|| "a size is a number of bytes or, say, 64k, 64Mi, 1G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nodes() {
        for name in ["n", "node-1", "ip-10-0-0-1.eu-west-1.compute.internal", "10.0.0.1"] {
            assert_eq!(node_name(name).as_deref(), Ok(name));
        }
        for name in ["", " ", "A", "a/b", "-a", "a.", ".a", "a..b", &"a".repeat(254)] {
            assert!(node_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn durations() {
        let cases = [
            ("5", Some(5000)),
            ("0.25", Some(250)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("1m30s", Some(90_000)),
            ("0", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("2d", None),
            ("soon", None),
            ("", None),
        ];
        for (text, millis) in cases {
            assert_eq!(duration(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn what_only_a_standing_probe_has() {
        assert_eq!(interval("100ms"), Ok(Duration::from_millis(100)));
        assert!(interval("99ms").is_err() && interval("0").is_err());
        let longest = "a".repeat(63);
        for name in ["web", "a-1", "0", &longest] {
            assert_eq!(object_name(name).as_deref(), Ok(name));
        }
        for name in ["", "-a", "a-", "A", "a.b", "a/b", &"a".repeat(64)] {
            assert!(object_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn status_ranges() {
        let cases = [
            ("200", Some((200, 200))),
            ("2xx", Some((200, 299))),
            ("4XX", Some((400, 499))),
            ("200-299", Some((200, 299))),
            ("299-200", None),
            ("20", None),
            ("xx", None),
            ("ok", None),
        ];
        for (text, range) in cases {
            assert_eq!(statuses(text).ok(), range, "{text}");
        }
    }

    #[test]
    fn sizes() {
        let cases = [
            ("500", Some(500)),
            ("64k", Some(65_536)),
            ("8M", Some(8 << 20)),
            ("64Mi", Some(64 << 20)),
            ("1G", Some(1 << 30)),
            ("", None),
            ("0", None),
            ("k", None),
            ("i", None),
            ("5i", None),
            ("-1", None),
            ("99999999999999G", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(size::<u64>(text).ok(), bytes, "{text}");
        }
    }
}

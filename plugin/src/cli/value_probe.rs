//! Flag values of the verbs that send a probe.

use std::time::Duration;

/// Reads a time: a number of seconds as curl has it (`2.5`), or a number with a unit (`500ms`, `2m`).
///
/// # Errors
///
/// When it is neither, or not longer than 0 and at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().map(Duration::try_from_secs_f64);
    let duration = match seconds {
        Some(Ok(duration)) => duration,
        Some(Err(_)) => return Err("a time is longer than 0".to_owned()),
        None => humantime::parse_duration(text)
            .map_err(|_| "a time is a number of seconds or, say, 500ms, 10s, 2m".to_owned())?,
    };
    if duration.is_zero() || duration > Duration::from_hours(24) {
        return Err("a time is longer than 0 and at most a day".to_owned());
    }
    Ok(duration)
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

/// Reads a size in bytes: a number, or one with k, M or G (powers of 1024, as curl has it).
///
/// # Errors
///
/// When it is none.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let size = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    size.ok_or_else(|| format!("{text:?} is no size: 500, 64k or 8M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("5", Some(5000)),
            ("0.25", Some(250)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
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
            ("1G", Some(1 << 30)),
            ("", None),
            ("k", None),
            ("-1", None),
            ("99999999999999G", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }
}

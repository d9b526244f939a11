//! `--request-timeout`, as client-go reads it.

use std::time::Duration;

use anyhow::{Result, bail};

/// Whole seconds, or a Go duration (`1m30s`, `500ms`); zero means no limit.
pub(super) fn parse(text: &str) -> Result<Option<Duration>> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => match go_duration(text) {
            Some(duration) => duration,
            None => bail!(
                "Invalid timeout value. Timeout must be a single integer in seconds, or an integer \
                 followed by a corresponding time unit (e.g. 1s | 2m | 3h)"
            ),
        },
    };
    Ok((!duration.is_zero()).then_some(duration))
}

/// Go's `time.ParseDuration` without negative values.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let seconds = match &rest[..unit] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = &rest[unit..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_go_durations() {
        let cases = [
            ("0", Some(None)),
            ("0s", Some(None)),
            ("5", Some(Some(Duration::from_secs(5)))),
            ("1m30s", Some(Some(Duration::from_secs(90)))),
            ("1.5h", Some(Some(Duration::from_mins(90)))),
            ("250ms", Some(Some(Duration::from_millis(250)))),
            ("abc", None),
            ("5 s", None),
            ("", None),
            ("-1s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).ok(), expected, "{text:?}");
        }
    }
}

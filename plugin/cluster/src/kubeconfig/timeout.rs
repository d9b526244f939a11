//! `--request-timeout`, as client-go reads it.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::go;

/// Whole seconds, or a Go duration (`1m30s`, `500ms`); zero means no limit.
pub(super) fn parse(text: &str) -> Result<Option<Duration>> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => match go::duration(text) {
            Some(duration) => duration,
            None => bail!(
                "Invalid timeout value. Timeout must be a single integer in seconds, or an integer \
                 followed by a corresponding time unit (e.g. 1s | 2m | 3h)"
            ),
        },
    };
    Ok((!duration.is_zero()).then_some(duration))
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
            ("abc", None),
            ("", None),
            ("-1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).ok(), expected, "{text:?}");
        }
    }
}

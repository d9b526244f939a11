//! Lengths of time for people: ages in kubectl's short form, latencies with three digits.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The time from `then` to `now` (apimachinery `duration.HumanDuration`).
#[must_use]
pub fn age(then: Timestamp, now: Timestamp) -> String {
    // Whole seconds towards zero: up to two seconds in the future are now.
    age_of_seconds(now.duration_since(then).as_secs())
}

/// An age of so many whole seconds, as [`age()`] writes it.
#[must_use]
pub fn age_of_seconds(age: i64) -> String {
    match age {
        ..-1 => String::from("<invalid>"),
        -1 => String::from("0s"),
        _ if age < 2 * MINUTE => format!("{age}s"),
        _ if age < 10 * MINUTE => two(age, (MINUTE, "m"), (1, "s")),
        _ if age < 3 * HOUR => format!("{}m", age / MINUTE),
        _ if age < 8 * HOUR => two(age, (HOUR, "h"), (MINUTE, "m")),
        _ if age < 48 * HOUR => format!("{}h", age / HOUR),
        _ if age < 8 * DAY => two(age, (DAY, "d"), (HOUR, "h")),
        _ if age < 2 * YEAR => format!("{}d", age / DAY),
        _ if age < 8 * YEAR => two(age, (YEAR, "y"), (DAY, "d")),
        _ => format!("{}y", age / YEAR),
    }
}

/// Two units, the second left out when it is zero.
fn two(age: i64, (large, large_unit): (i64, &str), (small, small_unit): (i64, &str)) -> String {
    match age % large / small {
        0 => format!("{}{large_unit}", age / large),
        rest => format!("{}{large_unit}{rest}{small_unit}", age / large),
    }
}

/// A length of time with three significant digits: `81µs`, `4.02ms`, `1.01s`.
#[must_use]
pub fn latency(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match value {
        v if v < 10.0 && unit != "µs" => format!("{v:.2}{unit}"),
        v if v < 100.0 && unit != "µs" => format!("{v:.1}{unit}"),
        v => format!("{v:.0}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries() {
        let cases = [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (10 * MINUTE - 1, "9m59s"),
            (10 * MINUTE, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + MINUTE, "3h1m"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR, "8h"),
            (48 * HOUR - 1, "47h"),
            (48 * HOUR, "2d"),
            (2 * DAY + HOUR, "2d1h"),
            (8 * DAY - 1, "7d23h"),
            (8 * DAY, "8d"),
            (2 * YEAR - 1, "729d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + DAY, "2y1d"),
            (8 * YEAR - 1, "7y364d"),
            (8 * YEAR, "8y"),
        ];
        for (age, expected) in cases {
            assert_eq!(age_of_seconds(age), expected, "{age}");
        }
    }

    #[test]
    fn fractions_are_cut_towards_zero() {
        let then = Timestamp::from_millisecond(10_000).unwrap();
        let cases = [(8_100, "0s"), (8_000, "<invalid>"), (11_999, "1s")];
        for (now, expected) in cases {
            assert_eq!(age(then, Timestamp::from_millisecond(now).unwrap()), expected);
        }
    }

    #[test]
    fn latencies_have_three_digits() {
        let cases = [
            (0.000_081, "81µs"),
            (0.000_999, "999µs"),
            (0.004_02, "4.02ms"),
            (0.0402, "40.2ms"),
            (0.402, "402ms"),
            (1.0084, "1.01s"),
            (12.34, "12.3s"),
        ];
        for (seconds, text) in cases {
            assert_eq!(latency(seconds), text);
        }
    }
}

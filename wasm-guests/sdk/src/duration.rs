//! Lengths of time as kubectl writes them.

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Writes milliseconds as kubectl's AGE column does (`k8s.io/apimachinery/pkg/util/duration.HumanDuration`):
/// two units while the number is small, one when it is large.
///
/// ```
/// assert_eq!(kpods_guest::duration::human(330_000), "5m30s");
/// assert_eq!(kpods_guest::duration::human(-500), "0s");
/// ```
#[must_use]
pub fn human(millis: i64) -> String {
    match millis {
        ..=-2_000 => "<invalid>".into(),
        -1_999..=-1 => "0s".into(),
        0..=119_999 => format!("{}s", millis / SECOND),
        _ if millis < 10 * MINUTE => two(millis, MINUTE, 'm', SECOND, 's'),
        _ if millis < 3 * HOUR => format!("{}m", millis / MINUTE),
        _ if millis < 8 * HOUR => two(millis, HOUR, 'h', MINUTE, 'm'),
        _ if millis < 2 * DAY => format!("{}h", millis / HOUR),
        _ if millis < 8 * DAY => two(millis, DAY, 'd', HOUR, 'h'),
        _ if millis < 2 * YEAR => format!("{}d", millis / DAY),
        _ if millis < 8 * YEAR => two(millis, YEAR, 'y', DAY, 'd'),
        _ => format!("{}y", millis / YEAR),
    }
}

fn two(millis: i64, large: i64, large_unit: char, small: i64, small_unit: char) -> String {
    let (count, rest) = (millis / large, millis % large / small);
    if rest == 0 {
        format!("{count}{large_unit}")
    } else {
        format!("{count}{large_unit}{rest}{small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, MINUTE, SECOND, YEAR, human};

    #[test]
    fn human_as_kubectl() {
        let cases = [
            ("far in the future", -2 * SECOND, "<invalid>"),
            ("clock skew", -SECOND, "0s"),
            ("now", 0, "0s"),
            ("below two minutes", 119 * SECOND, "119s"),
            ("two minutes", 2 * MINUTE, "2m"),
            ("minutes and seconds", 9 * MINUTE + 59 * SECOND, "9m59s"),
            ("minutes", 10 * MINUTE + 5 * SECOND, "10m"),
            ("hours and minutes", 3 * HOUR + 7 * MINUTE, "3h7m"),
            ("hours", 8 * HOUR + 7 * MINUTE, "8h"),
            ("days and hours", 2 * DAY + 5 * HOUR, "2d5h"),
            ("days", 8 * DAY + 5 * HOUR, "8d"),
            ("years and days", 2 * YEAR + 10 * DAY, "2y10d"),
            ("years", 8 * YEAR + 10 * DAY, "8y"),
        ];
        for (name, millis, expected) in cases {
            assert_eq!(human(millis), expected, "{name}");
        }
    }
}

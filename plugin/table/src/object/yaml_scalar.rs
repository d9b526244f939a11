//! Which strings go-yaml may write without quotes: those it would not read back as something else
//! (`resolve.go` of version 2, YAML 1.1).

/// Whether an unquoted `text` would be read as a string.
pub(super) fn reads_as_string(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    let other = match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => is_word(text),
        b'.' => is_word(text) || is_float(text),
        b'+' | b'-' | b'0'..=b'9' => {
            let plain = text.replace('_', "");
            is_word(text)
                || is_timestamp(text)
                || is_integer(&plain)
                || is_float(&plain)
                || is_base_60(text)
        }
        _ => false,
    };
    !other
}

/// Words that YAML 1.1 reads as truth values, null, infinity and not-a-number.
fn is_word(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let known = matches!(
        lower.as_str(),
        "y" | "yes"
            | "true"
            | "on"
            | "n"
            | "no"
            | "false"
            | "off"
            | "~"
            | "null"
            | ".inf"
            | "+.inf"
            | "-.inf"
    );
    let title = || format!("{}{}", lower[..1].to_ascii_uppercase(), &lower[1..]);
    match lower.as_str() {
        ".nan" => matches!(text, ".nan" | ".NaN" | ".NAN"),
        ".inf" | "+.inf" | "-.inf" => {
            text == lower || text == lower.to_ascii_uppercase() || text.ends_with(".Inf")
        }
        _ => known && (text == lower || text == lower.to_ascii_uppercase() || text == title()),
    }
}

/// Go's `strconv.ParseInt(text, 0, 64)` or `ParseUint`.
fn is_integer(text: &str) -> bool {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (Some('-'), &text[1..]),
        Some(b'+') => (Some('+'), &text[1..]),
        _ => (None, text),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match prefix.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return false;
    }
    match sign {
        Some(sign) => i64::from_str_radix(&format!("{sign}{digits}"), radix).is_ok(),
        None => u64::from_str_radix(digits, radix).is_ok(),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, within the range of a float.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let number_is_one = digits(whole)
        && digits(fraction)
        && (!whole.is_empty() || (!fraction.is_empty() && number.starts_with('.')));
    let exponent_is_one = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    number_is_one && exponent_is_one && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: sexagesimal numbers, such as times of day.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let head = parts.next().unwrap_or_default();
    let digit_or_line = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    if !head.starts_with(|c: char| c.is_ascii_digit()) || !head.bytes().all(digit_or_line) {
        return false;
    }
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let below_60 = |part: &str| match part.as_bytes() {
        [unit] => unit.is_ascii_digit(),
        [ten, unit] => (b'0'..=b'5').contains(ten) && unit.is_ascii_digit(),
        _ => false,
    };
    parts.into_iter().all(below_60) && below_60(last) && fraction.bytes().all(digit_or_line)
}

/// go-yaml's four time formats: dates, and times with a zone after `T` or without one after a space.
fn is_timestamp(text: &str) -> bool {
    timestamp(text).is_some()
}

fn timestamp(text: &str) -> Option<()> {
    let (year, rest) = text.split_at_checked(4)?;
    let year: i16 = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
    let (month, rest) = one_or_two(rest.strip_prefix('-')?)?;
    let (day, rest) = one_or_two(rest.strip_prefix('-')?)?;
    jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let zoned = rest.starts_with(['T', 't']);
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
        return rest.is_empty().then_some(());
    };
    let (hour, rest) = one_or_two(rest)?;
    let (minute, rest) = one_or_two(rest.strip_prefix(':')?)?;
    let (second, rest) = one_or_two(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return None;
            }
            rest
        }
        None => rest,
    };
    match (zoned, rest) {
        (false, "") | (true, "Z") => Some(()),
        (true, zone) => offset(zone),
        (false, _) => None,
    }
}

/// `+02:00`
fn offset(zone: &str) -> Option<()> {
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let valid = two(hours) && two(minutes) && hours <= "24" && minutes <= "60";
    valid.then_some(())
}

fn one_or_two(text: &str) -> Option<(u8, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What YAML 1.1 or 1.2 reads as something else than a string.
    const OTHER: &[&str] = &[
        "",
        "y",
        "Yes",
        "NO",
        "on",
        "Off",
        "true",
        "~",
        "null",
        "Null",
        ".inf",
        "-.Inf",
        ".NaN",
        "0",
        "-1",
        "+5",
        "1_000",
        "0x1F",
        "0o17",
        "017",
        "089",
        "0b101",
        "-0b1",
        "1e3",
        "1.",
        ".5",
        "+.5e-1",
        "-1.5E10",
        "18446744073709551615",
        "99999999999999999999",
        "12:30:45",
        "1:0",
        "-1:59.5",
        "2026-11-22",
        "2026-1-2",
        "2026-11-22T14:00:00Z",
        "2026-11-22t1:2:3.5+02:00",
        "2026-11-22 14:00:00",
    ];

    /// What only looks like it.
    const STRINGS: &[&str] = &[
        "yEs",
        "nULL",
        "NaN",
        "inf",
        "-",
        "+",
        ".",
        "..",
        "0x",
        "0xG",
        "1e",
        "e3",
        "1.2.3",
        "10.0.0.1",
        "1:60",
        "a:1",
        "12:",
        "1-2",
        "2026-13-01",
        "2026-02-30",
        "2026-11-22T14:00:00",
        "<<",
        "=",
        "1e999",
        ".e5",
        "0b2",
        "abc",
        "1 2",
        "v1",
        "-x",
        "_1",
    ];

    #[test]
    fn what_needs_quotes() {
        for text in OTHER {
            assert!(!reads_as_string(text), "{text:?} needs quotes");
        }
        for text in STRINGS {
            assert!(reads_as_string(text), "{text:?} needs no quotes");
        }
    }
}

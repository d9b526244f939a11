//! Floating point numbers as Go writes them.

/// `encoding/json`: plain between 1e-6 and 1e21, otherwise with an exponent of at least one digit.
pub(super) fn json(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return exponent(number, 1);
    }
    number.to_string()
}

/// `strconv.FormatFloat(number, 'g', -1, 64)`, which YAML uses: plain between 1e-4 and 1e21,
/// otherwise with an exponent of at least two digits.
pub(super) fn yaml(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        return exponent(number, 2);
    }
    number.to_string()
}

/// `1.5e+21`, with an exponent of at least `digits` digits.
fn exponent(number: f64, digits: usize) -> String {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{mantissa}e-{exponent:0>digits$}"),
        None => format!("{mantissa}e+{exponent:0>digits$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go() {
        let cases = [
            (1.0, "1", "1"),
            (1.5, "1.5", "1.5"),
            (-0.25, "-0.25", "-0.25"),
            (1e20, "100000000000000000000", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (1.5e-5, "0.000015", "1.5e-05"),
            (1e-7, "1e-7", "1e-07"),
            (1e100, "1e+100", "1e+100"),
        ];
        for (number, in_json, in_yaml) in cases {
            assert_eq!((json(number).as_str(), yaml(number).as_str()), (in_json, in_yaml));
        }
    }
}

//! Flag values, read as kubectl reads them.

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

/// Reads a size in bytes, as in `1048576`, `64Mi`, `1Gi`: Kubernetes' binary quantities.
///
/// # Errors
///
/// What a size looks like.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let units = [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)];
    let unit =
        units.into_iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)));
    let (number, unit) = unit.unwrap_or((text, 1));
    let size = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    size.filter(|&size| size > 0).ok_or_else(|| "expected a size such as 64Mi".to_owned())
}

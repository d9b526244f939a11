//! Names as segments of a request's path, and client-go's words for those that are none.

use anyhow::anyhow;
use url::form_urlencoded;

use crate::go;

/// client-go's words.
pub(super) fn invalid_namespace(name: &str, why: &str) -> anyhow::Error {
    anyhow!("invalid namespace {}: [{why}]", go::quote(name))
}

/// One segment of a path, percent-encoded, with what apimachinery's `IsValidPathSegmentName` refuses.
pub(super) fn segment(name: &str) -> Result<String, String> {
    match name {
        "." | ".." => return Err(format!("may not be '{name}'")),
        _ => {}
    }
    if let Some(letter) = ['/', '%'].into_iter().find(|letter| name.contains(*letter)) {
        return Err(format!("may not contain '{letter}'"));
    }
    // A form value is a path segment but for the space.
    Ok(form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20"))
}

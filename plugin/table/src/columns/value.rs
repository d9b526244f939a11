//! Values of columns.

/// One value of a column, as guests and machine formats see it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The cluster has no such value.
    Missing,
    /// The user did not grant it to this guest.
    Denied,
    /// Text, with control characters as they came.
    Text(String),
    /// A count.
    Whole(i64),
    /// A measurement.
    Number(f64),
    /// Yes or no.
    Truth(bool),
    /// A point in time: Unix milliseconds.
    Instant(i64),
    /// A length of time in milliseconds.
    Millis(i64),
    /// A size in bytes.
    Bytes(u64),
    /// A list of texts.
    Texts(Vec<String>),
    /// Labels, annotations.
    Pairs(Vec<(String, String)>),
    /// Anything else, as JSON text.
    Json(String),
}

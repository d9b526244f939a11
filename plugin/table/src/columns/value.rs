//! Values of columns.

use std::{cmp::Ordering, fmt};

use jiff::Timestamp;

use crate::duration;

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

impl Value {
    /// Which of two values of one column comes first: numbers before texts, where it has both. What is missing is told apart
    /// by [`Value::is_missing`].
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.number(), other.number()) {
            // Of zeros there is one only.
            (Some(one), Some(other)) => (one + 0.0).total_cmp(&(other + 0.0)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.to_string().cmp(&other.to_string()),
        }
    }

    /// Whether there is nothing to be seen.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Missing | Self::Denied => true,
            Self::Texts(texts) => texts.is_empty(),
            Self::Pairs(pairs) => pairs.is_empty(),
            _ => false,
        }
    }

    /// What it is on a scale, if it is on one.
    #[expect(clippy::cast_precision_loss, reason = "values are compared, not computed with")]
    pub(super) fn number(&self) -> Option<f64> {
        match *self {
            Self::Whole(number) | Self::Instant(number) | Self::Millis(number) => {
                Some(number as f64)
            }
            Self::Bytes(number) => Some(number as f64),
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// As people read it: ages in kubectl's short form, lists with commas, `<none>` for what is not there.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing | Self::Denied => formatter.write_str("<none>"),
            Self::Text(text) | Self::Json(text) => formatter.write_str(text),
            Self::Whole(number) => number.fmt(formatter),
            Self::Number(number) => number.fmt(formatter),
            Self::Truth(truth) => truth.fmt(formatter),
            Self::Instant(millis) => match Timestamp::from_millisecond(*millis) {
                Ok(time) => time.fmt(formatter),
                Err(_) => formatter.write_str("<invalid>"),
            },
            Self::Millis(millis) => {
                formatter.write_str(&duration::age_of_seconds(millis.div_euclid(1000)))
            }
            Self::Bytes(bytes) => bytes.fmt(formatter),
            Self::Texts(texts) => formatter.write_str(&texts.join(",")),
            Self::Pairs(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
                formatter.write_str(&pairs.join(","))
            }
        }
    }
}

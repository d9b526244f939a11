//! In which order rows come: `--sort -pod.restarts,pod.name`.

use std::cmp::Ordering;

use super::{Tabular, UnknownColumn, Value};

/// One column to sort by.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey<C> {
    /// The column.
    pub column: C,
    /// Greatest first.
    pub descending: bool,
}

impl<C> SortKey<C> {
    /// Reads a path, behind a `-` where the greatest come first.
    ///
    /// # Errors
    ///
    /// When the path names no column of the row.
    pub fn parse<R: Tabular<Column = C>>(text: &str) -> Result<Self, UnknownColumn> {
        let path = text.strip_prefix('-');
        let column = R::column(path.unwrap_or(text))?;
        Ok(Self { column, descending: path.is_some() })
    }
}

/// Which of two rows comes first, by their values of the `keys`. What is missing comes last, whatever the direction.
#[must_use]
pub fn order<C>(keys: &[SortKey<C>], one: &[Value], other: &[Value]) -> Ordering {
    let by_key = |(key, (one, other)): (&SortKey<C>, (&Value, &Value))| {
        let there = one.is_missing().cmp(&other.is_missing());
        let compared = one.compare(other);
        there.then(if key.descending { compared.reverse() } else { compared })
    };
    let ordered = keys.iter().zip(one.iter().zip(other)).map(by_key);
    ordered.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{PodColumn, PodRow};

    #[test]
    fn values_are_ordered_by_what_they_are() {
        let text = |text: &str| Value::Text(text.to_owned());
        let cases = [
            ("pod.restarts", vec![Value::Whole(10), Value::Missing, Value::Whole(9)], [2, 0, 1]),
            ("-pod.restarts", vec![Value::Whole(9), Value::Missing, Value::Whole(10)], [2, 0, 1]),
            ("pod.name", vec![text("b"), text("a"), text("a")], [1, 2, 0]),
            ("spec.x", vec![text("8a"), Value::Whole(80), text("http")], [1, 0, 2]),
            ("-pod.age", vec![Value::Millis(5), Value::Millis(7), Value::Millis(6)], [1, 2, 0]),
        ];
        for (key, values, expected) in cases {
            let keys = [SortKey::<PodColumn>::parse::<PodRow<'_>>(key).expect("known")];
            let mut places = [0, 1, 2];
            places.sort_by(|&a, &b| order(&keys, &values[a..=a], &values[b..=b]));
            assert_eq!(places, expected, "{key}");
        }
    }
}

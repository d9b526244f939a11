//! From a batch of untyped values to the author's own struct.

use crate::{Failure, Value};

/// A struct that says which columns it is made of. [`row!`](crate::row!) writes this.
pub trait FromRow: Sized + 'static {
    /// Column paths, in the order in which values arrive.
    const NEEDS: &[&str];

    /// Takes one row apart.
    ///
    /// # Errors
    ///
    /// When a value is missing that the struct cannot do without, or is of another type.
    fn from_row(values: &mut Values) -> Result<Self, Failure>;
}

/// Takes the rows of a batch apart. What is wrong says in which row.
pub(crate) fn read<R: FromRow>(rows: Vec<Vec<Value>>) -> Result<Vec<R>, Failure> {
    let read =
        |(index, row)| R::from_row(&mut Values::new(row)).map_err(|failure| failure.at_row(index));
    rows.into_iter().enumerate().map(read).collect()
}

/// The values of one row, taken one by one.
#[derive(Debug)]
pub struct Values(std::vec::IntoIter<Value>);

impl Values {
    /// The values of one row.
    #[must_use]
    pub fn new(row: Vec<Value>) -> Self {
        Self(row.into_iter())
    }

    /// Takes the next value, which came from `column`.
    ///
    /// # Errors
    ///
    /// When the value is not what the field can hold.
    pub fn take<T: FromValue>(&mut self, column: &str) -> Result<T, Failure> {
        let value = self.0.next().unwrap_or(Value::Missing);
        T::from_value(value).map_err(|value| {
            Failure::new(
                "bad-value",
                format!("{column} holds {value:?}, which this format cannot read"),
            )
        })
    }
}

/// Fields that a [`row!`](crate::row!) struct can have.
pub trait FromValue: Sized {
    /// Converts, or gives the value back.
    ///
    /// # Errors
    ///
    /// The value itself, when it is of another type.
    fn from_value(value: Value) -> Result<Self, Value>;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Missing | Value::Denied => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
}

impl FromValue for Vec<String> {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Texts(texts) => Ok(texts),
            Value::Text(text) => Ok(vec![text]),
            value => Err(value),
        }
    }
}

macro_rules! from_value {
    ($($type:ty: $($pattern:pat => $given:expr),+;)*) => {$(
        impl FromValue for $type {
            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    $($pattern => $given,)+
                    value => Err(value),
                }
            }
        }
    )*};
}

from_value! {
    String: Value::Text(text) | Value::Json(text) => Ok(text);
    i64:
        Value::Whole(number) | Value::Millis(number) | Value::Instant(number) => Ok(number),
        Value::Bytes(bytes) => i64::try_from(bytes).map_err(|_| Value::Bytes(bytes));
    u64:
        Value::Bytes(bytes) => Ok(bytes),
        Value::Whole(number) => number.try_into().map_err(|_| Value::Whole(number)),
        Value::Millis(length) => length.try_into().map_err(|_| Value::Millis(length));
    f64: Value::Number(number) => Ok(number), Value::Whole(number) => exact(number);
    bool: Value::Truth(truth) => Ok(truth);
    Vec<(String, String)>: Value::Pairs(pairs) => Ok(pairs);
}

/// A whole number as `f64`, which holds those of up to 53 bits.
#[expect(clippy::cast_precision_loss, reason = "only numbers that lose none")]
fn exact(number: i64) -> Result<f64, Value> {
    if number.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS {
        Ok(number as f64)
    } else {
        Err(Value::Whole(number))
    }
}

/// Declares a struct and the column of each of its fields:
/// `row! { struct Pod { name: String = "pod.name", node: Option<String> = "pod.node" } }`.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $column:literal),* $(,)?
    }) => {
        $(#[$meta])*
        $visibility struct $name {
            $($(#[$field_meta])* $field: $type,)*
        }

        impl $crate::FromRow for $name {
            const NEEDS: &[&str] = &[$($column),*];

            fn from_row(values: &mut $crate::Values) -> Result<Self, $crate::Failure> {
                Ok(Self { $($field: values.take($column)?),* })
            }
        }
    };
}

//! Quantities of Kubernetes: `100m`, `64Mi`, `1e3`.

use crate::{FromValue, Value};

/// A quantity of Kubernetes, as a number of its unit: of cores, bytes, pieces
/// (`k8s.io/apimachinery/pkg/api/resource/quantity.go`).
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Quantity(pub f64);

/// Suffixes and what they stand for. An `E` with digits behind it is an exponent.
const SUFFIXES: [(&str, f64); 16] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("", 1.0),
];

impl Quantity {
    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |text: &str| {
            let number = text.trim_start_matches(['+', '-']);
            number.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        };
        let (number, factor) = SUFFIXES
            .iter()
            .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)))?;
        let number: f64 = number.parse().ok().filter(|_| plain(number))?;
        Some(Self(number * factor))
    }
}

impl FromValue for Quantity {
    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Text(text) => Self::parse(&text).ok_or(Value::Text(text)),
            value => f64::from_value(value).map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_of_their_unit() {
        let cases = [
            ("2", 2.0),
            ("100m", 0.1),
            ("64Mi", 67_108_864.0),
            ("1.5Gi", 1_610_612_736.0),
            ("1e3", 1000.0),
            ("2E", 2e18),
            ("-3k", -3000.0),
        ];
        for (text, expected) in cases {
            let Quantity(got) = Quantity::parse(text).expect(text);
            assert!((got - expected).abs() <= expected.abs() * 1e-12, "{text}: {got}");
        }
        for text in ["", "Mi", "inf", "NaN", "1 Gi", "64mi"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_convert_as_a_reader_expects() {
        assert_eq!(f64::from_value(Value::Whole(2)).ok(), Some(2.0));
        assert_eq!(f64::from_value(Value::Whole(i64::MAX)).ok(), None);
        assert_eq!(u64::from_value(Value::Whole(7)).ok(), Some(7));
        assert_eq!(u64::from_value(Value::Whole(-7)).ok(), None);
        assert_eq!(i64::from_value(Value::Bytes(7)).ok(), Some(7));
        assert_eq!(Quantity::from_value(Value::Whole(2)).ok(), Some(Quantity(2.0)));
        assert_eq!(Quantity::from_value(Value::Text("1k".into())).ok(), Some(Quantity(1000.0)));
    }
}

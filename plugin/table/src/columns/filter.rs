//! Which rows are kept: `--filter 'pod.restarts>3'`.

use anyhow::{Result, anyhow, bail};

use super::{Tabular, Value, cell, pod_row};

/// One condition on one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter<C> {
    /// The column.
    pub column: C,
    /// Its path, for error texts.
    path: String,
    comparison: Comparison,
    operand: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// The longer ones first: `>=` begins as `>` does.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("!=", Comparison::Unequal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl<C> Filter<C> {
    /// Reads `PATH`, a comparison and what to compare with.
    ///
    /// # Errors
    ///
    /// When there is no comparison, or the path names no column of the row.
    pub fn parse<R: Tabular<Column = C>>(text: &str) -> Result<Self> {
        let start = text.find(['=', '!', '<', '>']).unwrap_or_default();
        let (path, rest) = text.split_at(start);
        let comparison = COMPARISONS.iter().find_map(|(sign, comparison)| {
            rest.strip_prefix(sign).map(|operand| (*comparison, operand.trim()))
        });
        let path = path.trim().to_owned();
        let is_one = |operand: &str| !path.is_empty() && !operand.starts_with(['=', '!', '<', '>']);
        let Some((comparison, operand)) = comparison.filter(|(_, operand)| is_one(operand)) else {
            bail!(
                "{text:?} is no filter: a filter is a column, one of = != < <= > >=, and a value"
            );
        };
        let column = R::column(&path)?;
        Ok(Self { column, path, comparison, operand: operand.to_owned() })
    }

    /// Whether it holds for a row with this value of its column. What is missing is equal to the empty text only, and
    /// neither less nor greater than anything. Of a list it is enough that it holds for one value, but `!=` must for all.
    ///
    /// # Errors
    ///
    /// When the value is a number or a time, and what is less or greater than it is to be none.
    pub fn holds(&self, value: &Value) -> Result<bool> {
        let all = self.comparison == Comparison::Unequal;
        if value.is_missing() || self.operand.is_empty() {
            return Ok(match self.comparison {
                Comparison::Equal => value.is_missing() && self.operand.is_empty(),
                Comparison::Unequal => value.is_missing() != self.operand.is_empty(),
                _ => false,
            });
        }
        for value in each(value) {
            if self.compares(&value)? != all {
                return Ok(!all);
            }
        }
        Ok(all)
    }

    fn compares(&self, value: &Value) -> Result<bool> {
        let ordering = match (self.alike(value), self.comparison) {
            (Ok(alike), _) => value.compare(&alike),
            (Err(_), Comparison::Equal) => return Ok(false),
            (Err(_), Comparison::Unequal) => return Ok(true),
            (Err(error), _) => return Err(error),
        };
        Ok(match self.comparison {
            Comparison::Equal => ordering.is_eq(),
            Comparison::Unequal => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::AtMost => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::AtLeast => ordering.is_ge(),
        })
    }

    /// The operand as a value of the same kind.
    fn alike(&self, value: &Value) -> Result<Value> {
        let text = self.operand.as_str();
        let wrong = |kind| anyhow!("{} is {kind}, it cannot be compared with {text:?}", self.path);
        Ok(match value {
            Value::Whole(_) | Value::Number(_) | Value::Bytes(_) => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                Value::Number(number.ok_or_else(|| wrong("a number"))?)
            }
            Value::Millis(_) => match cell::age(text) {
                Value::Missing => return Err(wrong("a length of time, as in 90s, 5m30s or 3d4h")),
                age => age,
            },
            Value::Instant(_) => {
                let time = text.parse::<jiff::Timestamp>();
                let time = time.map_err(|_| wrong("a time, as in 2026-01-31T12:00:00Z"))?;
                Value::Instant(time.as_millisecond())
            }
            _ => Value::Text(text.to_owned()),
        })
    }
}

/// The values of a list, or itself.
fn each(value: &Value) -> Vec<Value> {
    let list = |text: &str| serde_json::from_str::<Vec<serde_json::Value>>(text).ok();
    match value {
        Value::Texts(texts) => texts.iter().cloned().map(Value::Text).collect(),
        Value::Json(text) => list(text)
            .map_or_else(|| vec![value.clone()], |list| list.iter().map(pod_row::value).collect()),
        value => vec![value.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{PodColumn, PodRow};

    fn filter(text: &str) -> Result<Filter<PodColumn>> {
        Filter::parse::<PodRow<'_>>(text)
    }

    #[test]
    fn filters_hold_or_not() {
        let text = |text: &str| Value::Text(text.to_owned());
        let cases = [
            ("pod.status=Running", text("Running"), true),
            ("pod.status == Running", text("Running"), true),
            ("pod.status!=Running", text("Running"), false),
            ("pod.status!=Running", Value::Missing, true),
            ("pod.node=", Value::Missing, true),
            ("pod.node!=", Value::Missing, false),
            ("pod.restarts>9", Value::Whole(10), true),
            ("pod.restarts>=10", Value::Whole(10), true),
            ("pod.restarts<10", Value::Whole(10), false),
            ("pod.restarts<=9.5", Value::Whole(10), false),
            ("pod.restarts<10", Value::Missing, false),
            ("pod.age>1h30m", Value::Millis(5_400_001), true),
            ("pod.age<2d", Value::Millis(172_800_000), false),
            (
                "metadata.creationTimestamp<2026-01-01T00:00:01Z",
                Value::Instant(1_767_225_600_000),
                true,
            ),
            (
                "spec.containers[*].image=nginx",
                Value::Texts(vec!["a".into(), "nginx".into()]),
                true,
            ),
            (
                "spec.containers[*].image!=nginx",
                Value::Texts(vec!["a".into(), "nginx".into()]),
                false,
            ),
            ("spec.containers[*].image!=", Value::Texts(vec!["nginx".into()]), true),
            ("spec.containers[*].ports>80", Value::Json("[80,443]".into()), true),
            ("spec.containers[*].ports=80", Value::Json("[80,443]".into()), true),
            ("spec.containers[*].ports!=80", Value::Json("[80,443]".into()), false),
            ("spec.containers[*].ports!=8080", Value::Json("[80,443]".into()), true),
            ("spec.containers[*].ports=http", Value::Json("[80,\"http\"]".into()), true),
            ("spec.containers[*].ports>443", Value::Json("[80,443]".into()), false),
            ("pod.restarts!=", Value::Whole(0), true),
            ("pod.restarts=", Value::Whole(0), false),
            ("pod.restarts=-0", Value::Whole(0), true),
            ("pod.restarts=many", Value::Whole(0), false),
            ("metadata.deletionTimestamp!=", Value::Instant(7), true),
            ("metadata.deletionTimestamp!=", Value::Missing, false),
            ("spec.hostNetwork=true", Value::Truth(true), true),
            ("metadata.annotations[a/b]=x>y", text("x>y"), true),
        ];
        for (line, value, expected) in cases {
            assert_eq!(filter(line).unwrap().holds(&value).unwrap(), expected, "{line} {value:?}");
        }
    }

    #[test]
    fn what_is_no_filter_says_why() {
        let cases = [
            (
                "pod.status",
                r#""pod.status" is no filter: a filter is a column, one of = != < <= > >=, and a value"#,
            ),
            (
                "=x",
                r#""=x" is no filter: a filter is a column, one of = != < <= > >=, and a value"#,
            ),
            (
                "pod.name=>a",
                r#""pod.name=>a" is no filter: a filter is a column, one of = != < <= > >=, and a value"#,
            ),
            ("pod.statsu=x", r#"unknown column "pod.statsu", did you mean "pod.status"?"#),
        ];
        for (line, expected) in cases {
            assert_eq!(filter(line).unwrap_err().to_string(), expected);
        }
        let nan = filter("pod.restarts<NaN").unwrap().holds(&Value::Whole(1)).unwrap_err();
        assert_eq!(
            nan.to_string(),
            r#"pod.restarts is a number, it cannot be compared with "NaN""#
        );
        let many = filter("pod.restarts>many").unwrap().holds(&Value::Whole(1)).unwrap_err();
        assert_eq!(
            many.to_string(),
            r#"pod.restarts is a number, it cannot be compared with "many""#
        );
    }
}

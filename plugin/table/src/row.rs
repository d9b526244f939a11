//! Rows and columns of the server's Table (`meta.k8s.io/v1`).

use std::{borrow::Cow, fmt};

use anyhow::{Context as _, Result};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A column, as the server describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ColumnDefinition {
    /// Name, in the server's letters: `Name`, `Ready`, `Nominated Node`.
    pub name: String,
    /// `OpenAPI` type: `string`, `integer`.
    pub r#type: String,
    /// `OpenAPI` format; `name` marks the column with the object's name.
    pub format: String,
    /// What it means, in a sentence.
    pub description: String,
    /// Zero: always shown; more: only with `-o wide`.
    pub priority: i32,
}

impl ColumnDefinition {
    /// Whether the cells of this column are names of objects.
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.format == "name" && self.r#type == "string"
    }
}

/// One pod: the server's cells, and as much of the object as was asked for.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// One text for each column; empty where the server sent null.
    pub cells: Vec<Cow<'a, str>>,
    /// Its namespace, where that is known without the object.
    pub namespace: Option<&'a str>,
    /// JSON of the pod, of its metadata, or nothing: see [`crate::columns::Need`].
    pub object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireRow<'a> {
    #[serde(borrow, default)]
    cells: Vec<Cell<'a>>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
}

impl<'a> Row<'a> {
    /// Reads one element of a Table's `rows`.
    ///
    /// # Errors
    ///
    /// When the text is no such row.
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        let row: WireRow<'a> =
            serde_json::from_slice(text).context("cannot read a row of the server's table")?;
        let object = row.object.filter(|object| object.get() != "null");
        let cells = row.cells.into_iter().map(|cell| cell.0).collect();
        Ok(Self { cells, namespace: None, object })
    }
}

/// A cell's text, borrowed from the answer where it has no escapes.
struct Cell<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table cell")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Borrowed(if truth { "true" } else { "false" })))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell(Cow::Borrowed("")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(Cell(text)) = items.next_element()? {
            texts.push(text);
        }
        Ok(Cell(Cow::Owned(format!("[{}]", texts.join(" ")))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cells_of_every_kind() {
        let text =
            br#"{"cells":["web","a\"b",3,-1,1.5,true,null,["x","y"]],"object":{"kind":"K"}}"#;
        let row = Row::parse(text).unwrap();
        assert_eq!(row.cells, ["web", "a\"b", "3", "-1", "1.5", "true", "", "[x y]"]);
        assert_eq!(row.object.unwrap().get(), r#"{"kind":"K"}"#);
        assert!(matches!(row.cells[0], Cow::Borrowed(_)));
    }

    #[test]
    fn object_may_be_left_out() {
        for text in [r#"{"cells":[]}"#, r#"{"cells":[],"object":null}"#] {
            assert!(Row::parse(text.as_bytes()).unwrap().object.is_none());
        }
    }
}

//! A pod's row: the server's cells, and as much of the object as the columns need.

use std::{borrow::Cow, collections::BTreeMap};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::row::{ColumnDefinition, Row};

use super::{PodColumn, Tabular, UnknownColumn, Value, cell::CELLS, column::Origin, path::Path};

/// Reads rows that all have the same cells, for some columns.
#[derive(Debug, Clone, Default)]
pub struct PodReader {
    /// Where each of [`CELLS`] stands in a row.
    places: [Option<usize>; CELLS.len()],
    depth: Depth,
}

/// What of an object is read: all of it is several times the work of what tables mostly show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    #[default]
    Nothing,
    Namespace,
    Labels,
    Everything,
}

/// One pod.
#[derive(Debug)]
pub struct PodRow<'r> {
    cells: &'r [Cow<'r, str>],
    places: &'r [Option<usize>; CELLS.len()],
    namespace: Option<Cow<'r, str>>,
    labels: Option<Labels<'r>>,
    object: Option<Json>,
}

type Labels<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Partial<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    labels: Option<Labels<'a>>,
}

impl PodReader {
    /// For rows with these cells, of which only `columns` will be asked.
    #[must_use]
    pub fn new<'c>(
        columns: impl IntoIterator<Item = &'c PodColumn>,
        cells: &[ColumnDefinition],
    ) -> Self {
        let place = |path: &str| cells.iter().position(|cell| cell.name.eq_ignore_ascii_case(path));
        Self {
            places: CELLS.map(|known| place(known.cell)),
            depth: columns.into_iter().map(depth).max().unwrap_or_default(),
        }
    }

    /// The pod of one row.
    ///
    /// # Errors
    ///
    /// When its object is no pod.
    pub fn read<'r>(&'r self, row: &'r Row<'_>) -> Result<PodRow<'r>> {
        let mut pod = PodRow {
            cells: &row.cells,
            places: &self.places,
            namespace: row.namespace.map(Cow::Borrowed),
            labels: None,
            object: None,
        };
        let wanted = match self.depth {
            Depth::Namespace if row.namespace.is_some() => Depth::Nothing,
            depth => depth,
        };
        let Some(object) = row.object.filter(|_| wanted != Depth::Nothing) else { return Ok(pod) };
        if wanted == Depth::Everything {
            let object = serde_json::from_str(object.get());
            let object: Json = object.context("cannot read a pod of the server's table")?;
            let partial = Partial::deserialize(&object).context(METADATA)?;
            pod.take(partial.metadata.into_owned());
            pod.object = Some(object);
        } else {
            let partial: Partial<'r> = serde_json::from_str(object.get()).context(METADATA)?;
            pod.take(partial.metadata);
        }
        Ok(pod)
    }
}

/// What could not be done when a pod's metadata is not as it should be.
const METADATA: &str = "cannot read a pod's metadata";

impl Metadata<'_> {
    /// The same, which may outlive the object that it was read from.
    fn into_owned(self) -> Metadata<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let labels = self.labels.map(|labels| {
            labels.into_iter().map(|(key, value)| (owned(key), owned(value))).collect()
        });
        Metadata { namespace: self.namespace.map(owned), labels }
    }
}

impl<'r> PodRow<'r> {
    fn take(&mut self, metadata: Metadata<'r>) {
        self.namespace = self.namespace.take().or(metadata.namespace);
        self.labels = metadata.labels;
    }
}

fn depth(column: &PodColumn) -> Depth {
    match &column.origin {
        Origin::Cell(_) => Depth::Nothing,
        Origin::Namespace => Depth::Namespace,
        Origin::Labels | Origin::Label(_) => Depth::Labels,
        Origin::Path(_) => Depth::Everything,
    }
}

impl Tabular for PodRow<'_> {
    type Column = PodColumn;

    fn column(path: &str) -> Result<PodColumn, UnknownColumn> {
        PodColumn::parse(path)
    }

    fn value(&self, column: &PodColumn) -> Value {
        let missing = Value::Missing;
        match &column.origin {
            Origin::Cell(cell) => {
                let place = CELLS.iter().position(|known| known == cell);
                let place = place.and_then(|known| self.places[known]);
                let text = place.and_then(|place| self.cells.get(place));
                text.map_or(missing, |text| (cell.read)(text))
            }
            Origin::Namespace => self.namespace.as_deref().map_or(missing, text),
            Origin::Labels => self.labels.as_ref().map_or(missing, pairs),
            Origin::Label(key) => {
                let label = self.labels.as_ref().and_then(|labels| labels.get(key.as_str()));
                label.map_or(missing, |label| text(label))
            }
            Origin::Path(path) => {
                self.object.as_ref().map_or(missing, |object| select(path, object))
            }
        }
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn pairs(labels: &Labels<'_>) -> Value {
    let owned = |(key, value): (&Cow<'_, str>, &Cow<'_, str>)| {
        (key.clone().into_owned(), value.clone().into_owned())
    };
    Value::Pairs(labels.iter().map(owned).collect())
}

fn select(path: &Path, object: &Json) -> Value {
    let selected = path.select(object);
    if path.is_plural() {
        return list(selected);
    }
    let is_time = path
        .last_field()
        .is_some_and(|field| field.ends_with("Time") || field.ends_with("Timestamp"));
    match selected.first() {
        Some(Json::String(text)) if is_time => instant(text),
        Some(json) => value(json),
        None => Value::Missing,
    }
}

/// Texts as they are, anything else as one JSON list.
fn list(selected: Vec<&Json>) -> Value {
    let texts: Option<Vec<String>> =
        selected.iter().map(|json| json.as_str().map(str::to_owned)).collect();
    texts.map_or_else(
        || Value::Json(selected.into_iter().cloned().collect::<Json>().to_string()),
        Value::Texts,
    )
}

/// Unix milliseconds of an RFC 3339 time.
fn instant(text: &str) -> Value {
    let parsed = text.parse::<jiff::Timestamp>();
    parsed
        .map_or_else(|_| Value::Text(text.to_owned()), |time| Value::Instant(time.as_millisecond()))
}

/// What is in a pod, as a value.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Missing,
        Json::Bool(truth) => Value::Truth(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Whole(whole),
            (None, Some(float)) => Value::Number(float),
            (None, None) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => list(items.iter().collect()),
        Json::Object(fields) => {
            let pair =
                |(key, json): (&String, &Json)| Some((key.clone(), json.as_str()?.to_owned()));
            let pairs: Option<Vec<_>> = fields.iter().map(pair).collect();
            pairs.map_or_else(|| Value::Json(json.to_string()), Value::Pairs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions(names: &[&str]) -> Vec<ColumnDefinition> {
        let definition =
            |name: &&str| ColumnDefinition { name: (*name).to_owned(), ..Default::default() };
        names.iter().map(definition).collect()
    }

    #[test]
    fn namespace_is_the_known_one_or_the_objects() {
        let column = PodColumn::namespace();
        let value = |known: Option<&str>, text: &str| {
            let row = Row { namespace: known, ..Row::parse(text.as_bytes()).unwrap() };
            PodReader::new([&column], &[]).read(&row).unwrap().value(&column)
        };
        let object = r#"{"object":{"metadata":{"namespace":"shop"}}}"#;
        assert_eq!(value(Some("known"), "{}"), text("known"));
        assert_eq!(value(Some("known"), r#"{"object":{"metadata":7}}"#), text("known"));
        assert_eq!(value(None, object), text("shop"));
        assert_eq!(value(None, "{}"), Value::Missing);
    }

    #[test]
    fn rows_give_cells_and_paths() {
        let row = r#"{"cells": ["web-0", "1/1", "node1"], "object": {
            "metadata": {"name": "web-0", "labels": {"app": "web"}, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"priority": 7, "hostNetwork": true, "containers": [{"image": "nginx", "ports": [{"containerPort": 80}]}]},
            "status": {"score": 0.5}}}"#;
        let cases = [
            ("pod.name", text("web-0")),
            ("pod.node", text("node1")),
            ("pod.ip", Value::Missing),
            ("metadata.labels", Value::Pairs(vec![("app".into(), "web".into())])),
            ("metadata.labels[app]", text("web")),
            ("metadata.labels.app", text("web")),
            ("metadata.labels[tier]", Value::Missing),
            ("metadata.creationTimestamp", Value::Instant(1_767_225_600_000)),
            ("spec.priority", Value::Whole(7)),
            ("spec.hostNetwork", Value::Truth(true)),
            ("spec.containers[*].image", Value::Texts(vec!["nginx".into()])),
            ("spec.containers[*].ports[*].containerPort", Value::Json("[80]".into())),
            ("spec.volumes", Value::Missing),
            ("status.score", Value::Number(0.5)),
        ];
        let columns: Vec<_> =
            cases.iter().map(|(path, _)| PodColumn::parse(path).expect("known")).collect();
        let reader = PodReader::new(&columns, &definitions(&["Name", "Ready", "Node"]));
        let row = Row::parse(row.as_bytes()).unwrap();
        let pod = reader.read(&row).unwrap();
        for ((path, expected), column) in cases.iter().zip(&columns) {
            assert_eq!(&pod.value(column), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_pod_is_an_error() {
        let columns = [PodColumn::labels()];
        let reader = PodReader::new(&columns, &[]);
        let row = Row::parse(br#"{"object":{"metadata":{"labels":7}}}"#).unwrap();
        assert!(reader.read(&row).is_err());
    }
}

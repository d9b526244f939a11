//! From the rows of a Table to values, column by column.

use serde_json::Value as Json;

use super::{Column, Value, column::Source, path::Path};

/// Takes the values of some columns out of rows that all have the same cells.
#[derive(Debug)]
pub struct Extractor {
    /// Columns, each with the place of its cell in a row.
    columns: Vec<(Column, Option<usize>)>,
}

impl Extractor {
    /// Prepares `columns` for rows whose cells have these names, as the Table's column definitions give them.
    #[must_use]
    pub fn new<'a>(columns: Vec<Column>, cells: impl IntoIterator<Item = &'a str>) -> Self {
        let cells: Vec<&str> = cells.into_iter().collect();
        let place = |column: &Column| match &column.source {
            Source::Cell(cell) => {
                cells.iter().position(|name| name.eq_ignore_ascii_case(cell.cell))
            }
            Source::Namespace | Source::Path(_) => None,
        };
        let columns = columns.into_iter().map(|column| {
            let place = place(&column);
            (column, place)
        });
        Self { columns: columns.collect() }
    }

    /// The values of one row, whose namespace is in its object where it is not given. What is not there is
    /// [`Value::Missing`].
    #[must_use]
    pub fn row<Cell: AsRef<str>>(
        &self,
        cells: &[Cell],
        namespace: Option<&str>,
        object: Option<&Json>,
    ) -> Vec<Value> {
        let value = |(column, place): &(Column, Option<usize>)| match &column.source {
            Source::Cell(cell) => place
                .and_then(|place| cells.get(place))
                .map_or(Value::Missing, |text| (cell.read)(text.as_ref())),
            Source::Namespace => namespace_of(namespace, object),
            Source::Path(path) => object.map_or(Value::Missing, |object| select(path, object)),
        };
        self.columns.iter().map(value).collect()
    }
}

fn namespace_of(known: Option<&str>, object: Option<&Json>) -> Value {
    let of_object = || object?.pointer("/metadata/namespace")?.as_str();
    let namespace = known.or_else(of_object);
    namespace.map_or(Value::Missing, |namespace| Value::Text(namespace.to_owned()))
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

fn value(json: &Json) -> Value {
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
    use serde_json::json;

    use super::{Column, Extractor, Value};

    #[test]
    fn namespace_is_the_known_one_or_the_objects() {
        let column = || vec![Column::parse("pod.namespace").expect("known")];
        let object = json!({"metadata": {"namespace": "shop"}});
        let row = |known: Option<&str>, object| {
            Extractor::new(column(), []).row::<&str>(&[], known, object)
        };
        assert_eq!(row(Some("known"), None), [Value::Text("known".into())]);
        assert_eq!(row(None, Some(&object)), [Value::Text("shop".into())]);
        assert_eq!(row(None, None), [Value::Missing]);
    }

    #[test]
    fn rows_give_cells_and_paths() {
        let object = json!({
            "metadata": {
                "name": "web-0",
                "labels": {"app": "web"},
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "spec": {"priority": 7, "hostNetwork": true, "containers": [{"image": "nginx", "ports": [{"containerPort": 80}]}]},
            "status": {"score": 0.5},
        });
        let text = |text: &str| Value::Text(text.to_owned());
        let cases = [
            ("pod.name", text("web-0")),
            ("pod.node", text("node1")),
            ("pod.ip", Value::Missing),
            ("metadata.labels", Value::Pairs(vec![("app".into(), "web".into())])),
            ("metadata.labels[app]", text("web")),
            ("metadata.labels[tier]", Value::Missing),
            ("metadata.creationTimestamp", Value::Instant(1_767_225_600_000)),
            ("spec.priority", Value::Whole(7)),
            ("spec.hostNetwork", Value::Truth(true)),
            ("spec.containers[*].image", Value::Texts(vec!["nginx".into()])),
            ("spec.containers[*].ports[*].containerPort", Value::Json("[80]".into())),
            ("spec.volumes", Value::Missing),
            ("status.score", Value::Number(0.5)),
        ];
        let columns = cases.iter().map(|(path, _)| Column::parse(path).expect("known")).collect();
        let extractor = Extractor::new(columns, ["Name", "Ready", "Node"]);
        let cells = ["web-0", "1/1", "node1"].map(str::to_owned);
        for ((path, expected), value) in
            cases.iter().zip(extractor.row(&cells, None, Some(&object)))
        {
            assert_eq!(&value, expected, "{path}");
        }
    }
}

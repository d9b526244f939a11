//! From a path to a column, or to the nearest one that exists.

use super::{
    cell::{CELLS, CellColumn},
    path::Path,
};

/// What a column costs the API server and the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// The Table's cells only: `includeObject=None`.
    Cells,
    /// Names, labels, annotations: `includeObject=Metadata`.
    Metadata,
    /// Whole objects: `includeObject=Object`.
    Object,
}

/// One column of the vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub(super) source: Source,
}

/// Where a column's values come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// A cell of the server's Table.
    Cell(CellColumn),
    /// The namespace, which is in the object but often known without it.
    Namespace,
    /// A path in the object.
    Path(Path),
}

/// A path that names no column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown column {path:?}{}", .nearest.as_ref().map(|nearest| format!(", did you mean {nearest:?}?")).unwrap_or_default())]
pub struct UnknownColumn {
    /// What was asked for.
    pub path: String,
    /// The column whose name is most like it.
    pub nearest: Option<String>,
}

/// Fields of `ObjectMeta` (`k8s.io/apimachinery/pkg/apis/meta/v1`). `spec` and `status` grow with every release of
/// Kubernetes, so any field may be asked for there; this list has not changed since 1.0.
const METADATA: [&str; 14] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "uid",
];

impl Column {
    /// Finds the column of a path.
    ///
    /// # Errors
    ///
    /// [`UnknownColumn`], with the nearest one.
    pub fn parse(path: &str) -> Result<Self, UnknownColumn> {
        if let Some(cell) = CELLS.iter().find(|cell| cell.path == path) {
            return Ok(Self { source: Source::Cell(*cell) });
        }
        if path == "pod.namespace" {
            return Ok(Self { source: Source::Namespace });
        }
        let parsed = Path::parse(path).filter(|parsed| match parsed.fields().as_slice() {
            ["metadata", field, ..] => METADATA.contains(field),
            ["metadata" | "spec" | "status"] | ["spec" | "status", ..] => true,
            _ => false,
        });
        match parsed {
            Some(path) => Ok(Self { source: Source::Path(path) }),
            None => Err(UnknownColumn { path: path.to_owned(), nearest: nearest(path) }),
        }
    }

    /// What it costs to know this column.
    #[must_use]
    pub fn cost(&self) -> Cost {
        match &self.source {
            Source::Cell(_) => Cost::Cells,
            Source::Namespace => Cost::Metadata,
            Source::Path(path) if path.fields().first() == Some(&"metadata") => Cost::Metadata,
            Source::Path(_) => Cost::Object,
        }
    }
}

/// What it costs to know all of these columns. Pods of one namespace that is known need not say which it is.
#[must_use]
pub fn highest_cost(columns: &[Column], namespace_is_known: bool) -> Cost {
    let free = |column: &&Column| namespace_is_known && column.source == Source::Namespace;
    columns.iter().filter(|column| !free(column)).map(Column::cost).max().unwrap_or(Cost::Cells)
}

/// The known path most like `path`, unless none is at all alike.
fn nearest(path: &str) -> Option<String> {
    let cells = CELLS.iter().map(|cell| cell.path.to_owned());
    let metadata = METADATA.iter().map(|field| format!("metadata.{field}"));
    let roots = ["pod.namespace", "spec", "status"].map(str::to_owned);
    let known = cells.chain(metadata).chain(roots);
    let likeness = |known: &str| strsim::jaro_winkler(path, known);
    let best = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.7).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::{Column, Cost, highest_cost};

    #[test]
    fn every_column_has_a_cost() {
        let cases = [
            ("pod.name", Cost::Cells),
            ("pod.readiness-gates", Cost::Cells),
            ("pod.namespace", Cost::Metadata),
            ("metadata.labels[app]", Cost::Metadata),
            ("metadata.annotations[example.com/owner]", Cost::Metadata),
            ("spec.containers[*].image", Cost::Object),
            ("status.conditions[0].type", Cost::Object),
        ];
        for (path, cost) in cases {
            assert_eq!(
                Column::parse(path).expect("the path is in the vocabulary").cost(),
                cost,
                "{path}"
            );
        }
        let columns = ["pod.name", "metadata.uid"].map(|path| Column::parse(path).expect("known"));
        assert_eq!(highest_cost(&columns, true), Cost::Metadata);
        assert_eq!(highest_cost(&[], false), Cost::Cells);
        let namespace = [Column::parse("pod.namespace").expect("known")];
        assert_eq!(highest_cost(&namespace, false), Cost::Metadata);
        assert_eq!(highest_cost(&namespace, true), Cost::Cells);
    }

    #[test]
    fn unknown_paths_name_the_nearest() {
        let cases = [
            ("pod.statsu", r#"unknown column "pod.statsu", did you mean "pod.status"?"#),
            (
                "metadata.lables[app]",
                r#"unknown column "metadata.lables[app]", did you mean "metadata.labels"?"#,
            ),
            ("", r#"unknown column """#),
            ("status.", r#"unknown column "status.", did you mean "status"?"#),
            ("spec.containers[", r#"unknown column "spec.containers[", did you mean "spec"?"#),
            ("日本", r#"unknown column "日本""#),
        ];
        for (path, expected) in cases {
            let error = Column::parse(path).expect_err(path);
            assert_eq!(error.to_string(), expected, "{path}");
        }
    }
}

//! From a path to a column, or to the nearest one that exists.

use super::{
    Need,
    cell::{CELLS, CellColumn},
    path::Path,
};

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

    /// How much of a pod must be known for this column.
    #[must_use]
    pub fn need(&self) -> Need {
        match &self.source {
            Source::Cell(_) => Need::Cells,
            Source::Namespace => Need::Namespace,
            Source::Path(path) if path.fields().first() == Some(&"metadata") => Need::Metadata,
            Source::Path(_) => Need::Object,
        }
    }
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
    use super::{Column, Need};

    #[test]
    fn every_column_says_how_much_it_needs() {
        let cases = [
            ("pod.name", Need::Cells),
            ("pod.readiness-gates", Need::Cells),
            ("pod.namespace", Need::Namespace),
            ("metadata.labels[app]", Need::Metadata),
            ("metadata.annotations[example.com/owner]", Need::Metadata),
            ("spec.containers[*].image", Need::Object),
            ("status.conditions[0].type", Need::Object),
        ];
        for (path, cost) in cases {
            assert_eq!(
                Column::parse(path).expect("the path is in the vocabulary").need(),
                cost,
                "{path}"
            );
        }
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

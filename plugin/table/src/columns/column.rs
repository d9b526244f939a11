//! From a path to a column, or to the nearest one that exists.

use super::{
    Need, UnknownColumn,
    cell::{CELLS, CellColumn},
    path::Path,
};

/// One column of a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct PodColumn {
    pub(super) origin: Origin,
}

/// Where a column's values come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// A cell of the server's Table.
    Cell(CellColumn),
    /// The namespace, which is in the object but often known without it.
    Namespace,
    /// All labels.
    Labels,
    /// The label of this key.
    Label(String),
    /// A path in the object.
    Path(Path),
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

impl PodColumn {
    /// Finds the column of a path.
    ///
    /// # Errors
    ///
    /// [`UnknownColumn`], with the nearest one.
    pub fn parse(path: &str) -> Result<Self, UnknownColumn> {
        if let Some(cell) = CELLS.iter().find(|cell| cell.path == path) {
            return Ok(Self { origin: Origin::Cell(*cell) });
        }
        if path == "pod.namespace" {
            return Ok(Self::namespace());
        }
        let parsed = Path::parse(path).filter(|parsed| match parsed.fields().as_slice() {
            ["metadata", field, ..] => METADATA.contains(field),
            ["metadata" | "spec" | "status"] | ["spec" | "status", ..] => true,
            _ => false,
        });
        let parsed = parsed.ok_or_else(|| UnknownColumn::new(path, known()))?;
        Ok(match parsed.below(&["metadata", "labels"]).as_deref() {
            Some([]) => Self::labels(),
            Some([key]) => Self::label(key),
            _ => Self { origin: Origin::Path(parsed) },
        })
    }

    /// `pod.namespace`.
    #[must_use]
    pub const fn namespace() -> Self {
        Self { origin: Origin::Namespace }
    }

    /// `metadata.labels`.
    #[must_use]
    pub const fn labels() -> Self {
        Self { origin: Origin::Labels }
    }

    /// `metadata.labels[KEY]`.
    #[must_use]
    pub fn label(key: &str) -> Self {
        Self { origin: Origin::Label(key.to_owned()) }
    }

    /// How much of a pod must be known for this column.
    #[must_use]
    pub fn need(&self) -> Need {
        match &self.origin {
            Origin::Cell(_) => Need::Cells,
            Origin::Namespace => Need::Namespace,
            Origin::Labels | Origin::Label(_) => Need::Metadata,
            Origin::Path(path) if path.fields().first() == Some(&"metadata") => Need::Metadata,
            Origin::Path(_) => Need::Object,
        }
    }
}

/// The paths that can be listed: `spec` and `status` stand for all below them.
fn known() -> impl Iterator<Item = String> {
    let cells = CELLS.iter().map(|cell| cell.path.to_owned());
    let metadata = METADATA.iter().map(|field| format!("metadata.{field}"));
    let roots = ["pod.namespace", "spec", "status"].map(str::to_owned);
    cells.chain(metadata).chain(roots)
}

#[cfg(test)]
mod tests {
    use super::{Need, PodColumn};

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
                PodColumn::parse(path).expect("the path is in the vocabulary").need(),
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
            let error = PodColumn::parse(path).expect_err(path);
            assert_eq!(error.to_string(), expected, "{path}");
        }
    }
}

//! What is shown of which pods, in which order: the one place that knows how much of each pod must be fetched.

use anyhow::Result;

use table::columns::{Filter, Need, PodColumn, PodRow, SortKey, Tabular as _};

use super::Scope;
use crate::cli::GetArgs;

/// What is shown of which pods, in which order.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// What stands in a line, from left to right.
    pub(crate) parts: Vec<Part>,
    /// By what pods are sorted; empty: they come as the server gives them.
    pub(crate) sort: Vec<SortKey<PodColumn>>,
    /// Conditions that all hold for a pod that is shown.
    pub(crate) keep: Vec<Filter<PodColumn>>,
    /// What a guest is given of each pod.
    pub(crate) given: Vec<PodColumn>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// The server's own cells: those that are always shown, or (`-o wide`) all.
    Cells { wide: bool },
    /// One column of the vocabulary.
    Column {
        title: String,
        column: PodColumn,
        /// What stands for a value that a pod has not.
        missing: &'static str,
    },
}

const NONE: &str = "<none>";

impl View {
    /// What the flags of the list say. The namespace is shown where several were asked for.
    ///
    /// # Errors
    ///
    /// When a column is unknown or a filter is none.
    pub(crate) fn new(args: &GetArgs, wide: bool, scope: &Scope) -> Result<Self> {
        let chosen = args.columns.iter().map(|path| Part::named(path));
        let chosen = chosen.collect::<Result<Vec<_>>>()?;
        let mut parts = Vec::new();
        let named = |part: &Part| part.column() == Some(&PodColumn::namespace());
        if (args.all_namespaces || scope.is_many()) && !chosen.iter().any(named) {
            parts.push(Part::namespace());
        }
        if args.columns.is_empty() {
            parts.push(Part::Cells { wide });
        }
        parts.extend(chosen);
        parts.extend(args.label_columns.iter().map(|key| Part::label(key)));
        if args.show_labels {
            parts.push(Part::labels());
        }
        let sort = args.sort.iter().map(|key| SortKey::parse::<PodRow<'_>>(key));
        let keep = args.filter.iter().map(|filter| Filter::parse::<PodRow<'_>>(filter));
        Ok(Self {
            parts,
            sort: sort.collect::<Result<_, _>>()?,
            keep: keep.collect::<Result<_>>()?,
            given: Vec::new(),
        })
    }

    /// Whether pods are shown as they come.
    pub(crate) fn is_plain(&self) -> bool {
        self.sort.is_empty() && self.keep.is_empty()
    }

    /// How much of each pod must be known.
    pub(crate) fn need(&self) -> Need {
        self.columns().map(PodColumn::need).max().unwrap_or_default()
    }

    /// Every column that is asked of a pod.
    fn columns(&self) -> impl Iterator<Item = &PodColumn> {
        let parts = self.parts.iter().filter_map(Part::column);
        let sort = self.sort.iter().map(|key| &key.column);
        let keep = self.keep.iter().map(|filter| &filter.column);
        parts.chain(sort).chain(keep).chain(&self.given)
    }
}

impl Part {
    fn namespace() -> Self {
        Self::Column { title: "NAMESPACE".to_owned(), column: PodColumn::namespace(), missing: "" }
    }

    /// `-C`: the title is the last name of the path.
    fn named(path: &str) -> Result<Self> {
        let column = PodRow::column(path)?;
        let mut names =
            path.rsplit(['.', '[', ']']).filter(|name| !name.is_empty() && *name != "*");
        let title = names.next().unwrap_or(path);
        Ok(Self::Column { title: title_of_key(title), column, missing: NONE })
    }

    /// `-L`.
    fn label(key: &str) -> Self {
        Self::Column { title: title_of_key(key), column: PodColumn::label(key), missing: "" }
    }

    /// `--show-labels`.
    fn labels() -> Self {
        Self::Column { title: "LABELS".to_owned(), column: PodColumn::labels(), missing: NONE }
    }

    /// The column, if it is one of ours.
    pub(crate) fn column(&self) -> Option<&PodColumn> {
        match self {
            Self::Cells { .. } => None,
            Self::Column { column, .. } => Some(column),
        }
    }
}

/// kubectl's header of a label is the part of its key behind the last slash.
fn title_of_key(key: &str) -> String {
    key.rsplit('/').next().unwrap_or(key).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> GetArgs {
        GetArgs::default()
    }

    #[test]
    fn every_part_says_how_much_it_needs() {
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let cases = [
            ("plain", args(), false, Need::Cells),
            ("all namespaces", args(), true, Need::Namespace),
            ("-L", GetArgs { label_columns: words(&["app"]), ..args() }, true, Need::Metadata),
            ("labels", GetArgs { show_labels: true, ..args() }, false, Need::Metadata),
            ("-C cells", GetArgs { columns: words(&["pod.name"]), ..args() }, false, Need::Cells),
            ("-C", GetArgs { columns: words(&["spec.priority"]), ..args() }, false, Need::Object),
            ("--sort", GetArgs { sort: words(&["-pod.restarts"]), ..args() }, false, Need::Cells),
            ("--sort", GetArgs { sort: words(&["metadata.uid"]), ..args() }, false, Need::Metadata),
            ("--filter", GetArgs { filter: words(&["spec.a=b"]), ..args() }, false, Need::Object),
        ];
        for (name, args, several, need) in cases {
            let args = GetArgs { all_namespaces: several, ..args };
            assert_eq!(View::new(&args, false, &Scope::All).unwrap().need(), need, "{name}");
        }
    }

    #[test]
    fn titles_are_last_names() {
        let cases = [
            ("pod.name", "NAME"),
            ("metadata.labels[app.kubernetes.io/name]", "NAME"),
            ("spec.containers[*].image", "IMAGE"),
            ("spec.containers[*]", "CONTAINERS"),
            ("pod.last-restart", "LAST-RESTART"),
        ];
        for (path, expected) in cases {
            let Part::Column { title, .. } = Part::named(path).unwrap() else { panic!("{path}") };
            assert_eq!(title, expected, "{path}");
        }
    }
}

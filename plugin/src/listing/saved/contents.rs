//! What a saved list holds. JSON is only cut into its elements here; YAML cannot be cut, and is read at once.

use std::borrow::Cow;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_saphyr::{Options, budget, options};

use crate::pods::cells::Pod;
use table::{
    object::{Node, json},
    row::ColumnDefinition,
};

/// A list as it was saved.
pub(super) enum Contents<'a> {
    /// A server's Table.
    Table {
        /// Its columns.
        columns: Vec<ColumnDefinition>,
        /// Its rows.
        rows: Vec<Cow<'a, RawValue>>,
    },
    /// Whole pods.
    Pods(Vec<Item<'a>>),
}

/// An object that should be a pod.
pub(super) enum Item<'a> {
    /// Not yet read.
    Json(&'a RawValue),
    /// Read already.
    Yaml(Node<'a>),
}

impl<'a> Item<'a> {
    /// What cells are made of.
    pub(super) fn pod(&self) -> Result<Pod<'_>> {
        match self {
            Self::Json(text) => Ok(serde_json::from_str(text.get())?),
            Self::Yaml(node) => Ok(Pod::deserialize(node)?),
        }
    }

    /// All of it.
    pub(super) fn node(self) -> Result<Node<'a>> {
        match self {
            Self::Json(text) => Ok(serde_json::from_str(text.get())?),
            Self::Yaml(node) => Ok(node),
        }
    }

    /// All of it, as JSON.
    pub(super) fn json(&self) -> Result<Cow<'a, RawValue>> {
        match self {
            Self::Json(text) => Ok(Cow::Borrowed(text)),
            Self::Yaml(node) => raw(node).map(Cow::Owned),
        }
    }
}

fn raw(node: &Node<'_>) -> Result<Box<RawValue>> {
    Ok(RawValue::from_string(json::text(node))?)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(default, borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    column_definitions: Vec<ColumnDefinition>,
    #[serde(borrow)]
    rows: Option<Vec<&'a RawValue>>,
}

/// What `text` holds; `source` is where it came from.
///
/// # Errors
///
/// When it is neither JSON nor YAML, or no list of pods.
pub(super) fn read<'a>(text: &'a str, source: &str) -> Result<Contents<'a>> {
    if text.trim_start().starts_with('{') {
        from_json(text, source)
    } else {
        from_yaml(text, source)
    }
}

fn from_json<'a>(text: &'a str, source: &str) -> Result<Contents<'a>> {
    let cannot_read = || format!("cannot read {source}");
    let list: Envelope<'a> = serde_json::from_str(text).with_context(cannot_read)?;
    match list {
        Envelope { rows: Some(rows), column_definitions: columns, .. } => {
            Ok(Contents::Table { columns, rows: rows.into_iter().map(Cow::Borrowed).collect() })
        }
        Envelope { kind, .. } if kind == "Pod" => {
            let whole = serde_json::from_str(text).with_context(cannot_read)?;
            Ok(Contents::Pods(vec![Item::Json(whole)]))
        }
        Envelope { items: Some(items), kind, .. } if is_list(&kind) => {
            Ok(Contents::Pods(items.into_iter().map(Item::Json).collect()))
        }
        Envelope { kind, .. } => bail!(no_list(source, &kind)),
    }
}

/// One document is the list itself; of several each is a pod, or a list of which all pods count.
fn from_yaml<'a>(text: &'a str, source: &str) -> Result<Contents<'a>> {
    let documents = serde_saphyr::from_multiple_with_options(text, limits(text.len()));
    let mut documents: Vec<Node<'a>> = documents.map_err(|error| {
        // Its further lines draw the place in the text.
        let error = error.to_string();
        let why = error.lines().next().unwrap_or_default().trim_start_matches("error: ");
        anyhow!("{source} is neither JSON nor YAML: {why}")
    })?;
    if documents.is_empty() || documents.iter().any(|document| !matches!(document, Node::Map(_))) {
        bail!("{source} is no list of pods");
    }
    let alone = documents.len() == 1;
    if let [document] = documents.as_slice()
        && let Some(rows @ Node::List(_)) = document.get("rows")
    {
        return table(document, rows).with_context(|| format!("cannot read {source}"));
    }
    let mut items = Vec::new();
    for document in &mut documents {
        let kind = document.get("kind").and_then(Node::text).unwrap_or_default().to_owned();
        match document.get_mut("items") {
            Some(Node::List(list)) if is_list(&kind) => items.append(list),
            _ if alone && kind != "Pod" => bail!(no_list(source, &kind)),
            _ => items.push(std::mem::replace(document, Node::Null)),
        }
    }
    Ok(Contents::Pods(items.into_iter().map(Item::Yaml).collect()))
}

/// What a text of `length` bytes can hold by itself: `a:` is two bytes and four events. The parser's own limits are for
/// configuration, and less than the pods of a large cluster. What aliases repeat is limited as it is by default.
fn limits(length: usize) -> Options {
    let most = length.saturating_mul(4).max(1_000_000);
    let budget = budget! {
        max_events: most,
        max_nodes: most,
        max_documents: most,
        max_total_scalar_bytes: most,
    };
    options! { budget: budget }
}

fn table<'a>(document: &Node<'a>, rows: &Node<'a>) -> Result<Contents<'a>> {
    let columns = document.get("columnDefinitions").map(Vec::deserialize).transpose()?;
    let Node::List(rows) = rows else { bail!("its rows are no list") };
    let rows = rows.iter().map(|row| raw(row).map(Cow::Owned)).collect::<Result<_>>()?;
    Ok(Contents::Table { columns: columns.unwrap_or_default(), rows })
}

/// Lists that may hold pods; one without a kind may.
fn is_list(kind: &str) -> bool {
    matches!(kind, "" | "List" | "PodList")
}

fn no_list(source: &str, kind: &str) -> String {
    let kind = if kind.is_empty() { "missing" } else { kind };
    format!("{source} is no list of pods: its kind is {kind}")
}

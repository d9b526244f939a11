//! `-f`: a pod list that somebody saved, in place of a cluster.
//!
//! What `kubectl get pods -o json` or `-o yaml` prints (List, `PodList`, Pod), or a server's Table.
//! Only a Table carries the server's cells; for the others they are computed as they would be now.

mod contents;
mod download;

use std::{borrow::Cow, io::Read as _, path::Path};

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use serde::Deserialize;

use cluster::go;
use table::{
    columns::Need,
    object::Node,
    row::{ColumnDefinition, Row},
};

use self::contents::{Contents, Item};
use super::{Change, Outcome, Query, Sink, sink::ObjectSink};
use crate::pods::cells::{self, Pod};

/// A saved list.
#[derive(Debug)]
pub struct SavedList {
    /// Where it came from, for error texts.
    source: String,
    /// JSON or YAML.
    text: String,
}

/// One pod of the list, in the form in which it is wanted.
#[derive(Clone)]
struct SavedPod<'p, T> {
    name: Cow<'p, str>,
    namespace: Cow<'p, str>,
    pod: T,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Partial<'a> {
    #[serde(borrow)]
    metadata: PartialMetadata<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PartialMetadata<'a> {
    #[serde(borrow)]
    namespace: Cow<'a, str>,
}

impl SavedList {
    /// Reads a file, standard input (`-`), or an `http://` or `https://` URL.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no text.
    pub async fn read(source: &Path) -> Result<Self> {
        let name = source.display().to_string();
        let bytes = if name == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            bytes
        } else if name.starts_with("http://") || name.starts_with("https://") {
            download::download(&name).await?
        } else {
            std::fs::read(source).map_err(|error| match error.kind() {
                // kubectl's words for a missing file of its own -f.
                std::io::ErrorKind::NotFound => {
                    anyhow!("the path {} does not exist", go::quote(&name))
                }
                _ => anyhow!("cannot read {name}: {}", go::errno(&error)),
            })?
        };
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{name} is not text"))?;
        Ok(Self { source: name, text })
    }

    /// Hands the wanted rows to `sink`; rows made from whole pods carry the pod as their object where it is needed.
    ///
    /// # Errors
    ///
    /// When this is no list of pods, and what `sink` returns.
    pub fn rows(&self, query: &Query, sink: &mut dyn Sink) -> Result<Outcome> {
        match contents::read(&self.text, &self.source)? {
            Contents::Table { columns, rows } => {
                sink.columns(&columns)?;
                let name = columns.iter().position(ColumnDefinition::is_name);
                let rows =
                    rows.iter().map(|row| found_row(Row::parse(row.get().as_bytes())?, name));
                self.select(query, rows, |SavedPod { namespace, pod, .. }| {
                    if pod.object.is_none() && query.need > Need::Namespace {
                        bail!(
                            "{} is a table of cells: what is asked for is in whole pods",
                            self.source
                        );
                    }
                    let namespace = Some(&*namespace).filter(|namespace| !namespace.is_empty());
                    sink.row(
                        Change::Listed,
                        Row { namespace: namespace.or(query.scope.one()), ..pod },
                    )
                })
            }
            Contents::Pods(items) => {
                sink.columns(&cells::columns())?;
                let now = Timestamp::now();
                let pods = items.iter().map(|item| self.found_pod(item));
                self.select(query, pods, |SavedPod { namespace, pod: (pod, item), .. }| {
                    let object = match query.need {
                        Need::Cells | Need::Namespace => None,
                        Need::Metadata | Need::Object => Some(item.json()?),
                    };
                    let namespace = Some(&*namespace);
                    sink.row(
                        Change::Listed,
                        Row { cells: cells::row(&pod, now), namespace, object: object.as_deref() },
                    )
                })
            }
        }
    }

    /// Hands the wanted pods to `sink`.
    ///
    /// # Errors
    ///
    /// When this is no list of pods, and what `sink` returns.
    pub(super) fn objects(&self, query: &Query, sink: &mut dyn ObjectSink) -> Result<Outcome> {
        let Contents::Pods(items) = contents::read(&self.text, &self.source)? else {
            bail!("{} is a table: it has cells, but no whole pods", self.source)
        };
        let nodes = items.into_iter().map(|item| self.found_node(item));
        self.select(query, nodes, |found| sink.object(Change::Listed, found.pod))
    }

    fn found_pod<'p>(&self, item: &'p Item<'_>) -> Result<SavedPod<'p, (Pod<'p>, &'p Item<'p>)>> {
        let pod = item.pod().with_context(|| self.no_pod())?;
        self.must_be_a_pod(&pod.kind)?;
        let (name, namespace) = (pod.metadata.name.clone(), pod.metadata.namespace.clone());
        Ok(SavedPod { name, namespace, pod: (pod, item) })
    }

    fn found_node<'a>(&self, item: Item<'a>) -> Result<SavedPod<'static, Node<'a>>> {
        let node = item.node().with_context(|| self.no_pod())?;
        let text =
            |node: Option<&Node<'a>>| node.and_then(Node::text).unwrap_or_default().to_owned();
        self.must_be_a_pod(&text(node.get("kind")))?;
        let metadata = |key| Cow::Owned(text(node.get("metadata").and_then(|node| node.get(key))));
        let (name, namespace) = (metadata("name"), metadata("namespace"));
        Ok(SavedPod { name, namespace, pod: node })
    }

    fn no_pod(&self) -> String {
        format!("cannot read a pod of {}", self.source)
    }

    fn must_be_a_pod(&self, kind: &str) -> Result<()> {
        match kind {
            "" | "Pod" => Ok(()),
            kind => bail!("{} has a {kind} in it, not only pods", self.source),
        }
    }

    /// Takes what the query wants, each read once: everything of the namespace as it comes, or names in the order asked.
    fn select<'p, T: Clone>(
        &self,
        query: &Query,
        pods: impl Iterator<Item = Result<SavedPod<'p, T>>>,
        mut take: impl FnMut(SavedPod<'p, T>) -> Result<()>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut named = Vec::new();
        for pod in pods {
            let pod = pod?;
            if !query.scope.has(&pod.namespace) {
                continue;
            }
            if query.names.is_empty() {
                take(pod)?;
                outcome.rows += 1;
            } else if query.names.iter().any(|name| *name == pod.name) {
                named.push(pod);
            }
        }
        for name in &query.names {
            let before = outcome.rows;
            for pod in named.iter().filter(|pod| pod.name == *name) {
                take(pod.clone())?;
                outcome.rows += 1;
            }
            if outcome.rows == before && !query.ignore_not_found {
                let error = anyhow!("{} has no pod {}", self.source, go::quote(name));
                outcome.errors.push(error);
            }
        }
        Ok(outcome)
    }
}

/// A row's name is in its cells; its namespace only in its object.
fn found_row<'p>(row: Row<'p>, name: Option<usize>) -> Result<SavedPod<'p, Row<'p>>> {
    let name = name.and_then(|column| row.cells.get(column)).cloned().unwrap_or_default();
    let partial = row.object.map(|object| serde_json::from_str::<Partial<'p>>(object.get()));
    let partial = partial.transpose().context("cannot read a pod's metadata")?;
    let namespace = partial.unwrap_or_default().metadata.namespace;
    Ok(SavedPod { name, namespace, pod: row })
}

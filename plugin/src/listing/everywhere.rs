//! Cells of the pods of all namespaces, each with its namespace.
//!
//! A Table has no cell for the namespace; with the metadata that has it, a pod is ten times as long, and most of a long
//! list's time goes there. So only the first pods come with their metadata, which is one request and enough for a small
//! cluster. When many more follow, they are asked for namespace by namespace and without metadata, a few namespaces at a
//! time. Where that is not worth it (many namespaces for few pods) or not possible (a user who may not list namespaces),
//! the rest is the second page of the list, however long.
//!
//! The server lists pods in the order of its keys, `NAMESPACE/NAME`, so this gives the rows in the order of one request.
//! No answer is older than the first; the later ones may be newer.

use std::pin::pin;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::sync::mpsc;

use cluster::{Cluster, GetError, PodsAnswer, PodsRequest, Representation, namespaces};
use table::{
    columns::Need,
    row::{ColumnDefinition, Row},
};

use super::{
    Change, ListVersion, Outcome, Query, Scope, Sink,
    fetch::{ListMeta, Reader as _, TableReader},
};

/// How many pods come with their metadata, in the one answer that is enough for a small cluster.
const FIRST: i64 = 100;

/// Up to so many more pods, further round trips cost more than their metadata.
const FEW: usize = 500;

/// The metadata of so many pods costs the server about as much as a request.
const PODS_A_REQUEST: usize = 20;

/// Namespaces asked for at once, and answers that wait to be read.
const AT_ONCE: usize = 4;

/// Whether only cells and namespaces are wanted, of all pods, in no pages of a given size.
pub(super) fn suits(query: &Query) -> bool {
    let all = query.scope == Scope::All && !query.is_selective();
    all && query.need == Need::Namespace && query.chunk_size.is_none_or(|size| size <= 0)
}

/// Fetches the rows of a query that [`suits`]: all pods of all namespaces.
///
/// # Errors
///
/// As [`super::fetch()`].
pub(super) async fn fetch(
    cluster: &Cluster,
    query: &Query,
    sink: &mut dyn Sink,
) -> Result<Outcome> {
    let mut rows = Rest { sink, name: None, count: 0, latest: String::new(), seen: String::new() };
    let read = everything(cluster, query, &mut rows).await?;
    let mut outcome = Outcome { rows: rows.count, ..Outcome::default() };
    match read {
        Ok(version) => outcome.came_whole(None, version),
        Err(error) => outcome.note(error, query.ignore_not_found),
    }
    Ok(outcome)
}

/// The outer error is the sink's.
type Read<T> = Result<Result<T, GetError>>;

/// Gives the `resourceVersion` of what was read: of the first answer where several make the list, whose later ones may be
/// newer. A watch from there tells everything that they may not show, and some things that they do.
async fn everything(cluster: &Cluster, query: &Query, rows: &mut Rest<'_>) -> Read<Option<String>> {
    let first = Query { chunk_size: Some(FIRST), ..query.clone() };
    let meta = match list(cluster, first.for_page(None, Representation::Table), rows).await? {
        Ok(meta) => meta,
        Err(error) => return Ok(Err(error)),
    };
    if meta.is_last() {
        return Ok(Ok(meta.version()));
    }
    rows.seen = std::mem::take(&mut rows.latest);
    if let Some(names) = names(cluster, meta.remaining_item_count).await {
        match each(cluster, query, &meta, &unread(names, &rows.seen), rows).await? {
            // One request for all that is left may fare better.
            Err(GetError::Refused(_) | GetError::NotFound(_)) => {}
            Err(error) => return Ok(Err(error)),
            Ok(()) => return Ok(Ok(meta.version())),
        }
    }
    Ok(rest(cluster, query, meta, rows).await?.map(ListMeta::version))
}

/// The pages that follow one: as a rule a single one, but a server may make them as short as it likes.
async fn rest(
    cluster: &Cluster,
    query: &Query,
    mut meta: ListMeta,
    rows: &mut Rest<'_>,
) -> Read<ListMeta> {
    while !meta.is_last() {
        let page = query.for_page(Some(&meta.r#continue), Representation::Table);
        let answer = cluster.get_pods(&page).await;
        meta = match read(answer, query.scope.one(), rows).await? {
            Ok(meta) => meta,
            Err(error) => return Ok(Err(error)),
        };
    }
    Ok(Ok(meta))
}

/// The names of all namespaces, if asking for each is worth it for so many pods and they may be listed.
async fn names(cluster: &Cluster, pods: usize) -> Option<Vec<String>> {
    if pods < FEW {
        return None;
    }
    let limit = u32::try_from(pods / PODS_A_REQUEST).ok()?;
    namespaces::names(cluster, limit).await.ok()?
}

/// In keys a `/` follows the namespace: `a-b/` comes before `a/`.
fn unread(mut names: Vec<String>, seen: &str) -> Vec<String> {
    let half_read = seen.split('/').next().unwrap_or_default();
    names.retain(|name| name == half_read || prefix(name).as_str() > seen);
    names.sort_by_cached_key(|name| prefix(name));
    names
}

fn prefix(namespace: &str) -> String {
    format!("{namespace}/")
}

/// Reads one namespace after the other, while the next are on their way.
async fn each(
    cluster: &Cluster,
    query: &Query,
    first: &ListMeta,
    names: &[String],
    rows: &mut Rest<'_>,
) -> Read<()> {
    let queries: Vec<Query> = names.iter().map(|name| one(query, name)).collect();
    let (sender, mut receiver) = mpsc::channel(AT_ONCE);
    let ask = async move {
        let answers = stream::iter(&queries).map(async |query| {
            let answer = cluster.get_pods(&not_older(query, first)).await;
            (query.scope.one().unwrap_or_default().to_owned(), answer)
        });
        let mut answers = pin!(answers.buffered(AT_ONCE));
        while let Some(answer) = answers.next().await {
            if sender.send(answer).await.is_err() {
                return;
            }
        }
    };
    let read = async move {
        while let Some((namespace, answer)) = receiver.recv().await {
            match read(answer, Some(&namespace), rows).await? {
                Ok(meta) if meta.is_last() => {}
                Ok(meta) => {
                    let query = one(query, &namespace);
                    if let Err(error) = rest(cluster, &query, meta, rows).await? {
                        return Ok(Err(error));
                    }
                }
                Err(error) => {
                    rows.seen = rows.seen.clone().max(prefix(&namespace));
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(()))
    };
    tokio::join!(ask, read).1
}

fn one(query: &Query, namespace: &str) -> Query {
    Query { scope: Scope::One(namespace.to_owned()), ..query.clone() }
}

fn not_older<'q>(query: &'q Query, first: &ListMeta) -> PodsRequest<'q> {
    let mut request = query.for_page(None, Representation::Table);
    if !first.resource_version.is_empty() {
        request.parameters.push(("resourceVersion", first.resource_version.clone()));
        request.parameters.push(("resourceVersionMatch", String::from("NotOlderThan")));
    }
    request
}

async fn list(cluster: &Cluster, request: PodsRequest<'_>, rows: &mut Rest<'_>) -> Read<ListMeta> {
    read(cluster.get_pods(&request).await, None, rows).await
}

async fn read(
    answer: Result<PodsAnswer, GetError>,
    namespace: Option<&str>,
    rows: &mut Rest<'_>,
) -> Read<ListMeta> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error)),
    };
    let mut reader = TableReader::new(rows, namespace);
    let meta = reader.page(answer).await;
    match reader.failed {
        Some(error) => Err(error),
        None => Ok(meta.map_err(GetError::Unreachable)),
    }
}

/// Hands on the rows that were not seen before.
struct Rest<'s> {
    sink: &'s mut dyn Sink,
    /// The cell with the name.
    name: Option<usize>,
    /// Rows handed on.
    count: usize,
    /// Key of the latest of them.
    latest: String,
    /// Rows up to this key were handed on before.
    seen: String,
}

#[derive(Deserialize)]
struct Partial {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: String,
    name: String,
}

impl Sink for Rest<'_> {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        self.name = columns.iter().position(ColumnDefinition::is_name);
        self.sink.columns(columns)
    }

    fn row(&mut self, change: Change, row: Row<'_>) -> Result<()> {
        let key = key(&row, self.name)?;
        if key > self.seen {
            self.count += 1;
            self.latest = key;
            self.sink.row(change, row)?;
        }
        Ok(())
    }

    fn end(&mut self, versions: &[ListVersion]) -> Result<()> {
        self.sink.end(versions)
    }
}

fn key(row: &Row<'_>, name: Option<usize>) -> Result<String> {
    let cell = || row.cells.get(name?);
    if let (Some(namespace), Some(name)) = (row.namespace, cell()) {
        return Ok(prefix(namespace) + name);
    }
    let object = row.object.context("a pod of the server's table has no metadata")?;
    let pod: Partial =
        serde_json::from_str(object.get()).context("cannot read a pod's metadata")?;
    Ok(prefix(&pod.metadata.namespace) + &pod.metadata.name)
}

#[cfg(test)]
mod tests {
    use super::unread;

    #[test]
    fn namespaces_come_in_the_order_of_keys() {
        let all = || ["a", "b", "a0", "a-b", "ab", "c"].map(str::to_owned).to_vec();
        assert_eq!(unread(all(), ""), ["a-b", "a", "a0", "ab", "b", "c"]);
        assert_eq!(unread(all(), "a/web"), ["a", "a0", "ab", "b", "c"]);
        assert_eq!(unread(all(), "aa/web"), ["ab", "b", "c"]);
        assert_eq!(unread(all(), "c/"), ["c"]);
    }
}

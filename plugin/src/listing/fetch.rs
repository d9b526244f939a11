//! Asks the server and hands rows over while they arrive.
//!
//! A list of cells is one request unless `--chunk-size` is given (or pods of all namespaces are asked for:
//! `everywhere.rs`); whole pods come in pages. kubectl asks in pages of 500 and throttles
//! itself to five requests a second; one request is a consistent snapshot, is served from the API
//! server's watch cache (Kubernetes 1.31 and later), and is faster at every size, and as the answer is
//! cut into rows while it arrives, its length costs us no memory. A page that is refused because its
//! continue token has expired (410) ends the list with the server's words and exit code 1, after the
//! rows that came before it: kubectl's way.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use cluster::{Cluster, GetError, PodsAnswer, PodsRequest, Representation};
use table::{
    row::{ColumnDefinition, Row},
    splitter::{Piece, Splitter},
};

use super::{Change, ListVersion, Query, Sink};

/// How a list ended: what did not come, in kubectl's words, in the order asked.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows handed over.
    pub rows: usize,
    /// What went wrong, one entry for each pod or page; the rest was handed over.
    pub errors: Vec<anyhow::Error>,
    /// Whether the server could not be asked at all.
    pub unreachable: bool,
    /// What state of the cluster each list shows that came whole.
    pub versions: Vec<ListVersion>,
}

/// Fetches rows and hands them to `sink`.
///
/// # Errors
///
/// Only what `sink` returns; what the server refuses is in [`Outcome::errors`].
pub async fn fetch(cluster: &Cluster, query: &Query, sink: &mut dyn Sink) -> Result<Outcome> {
    let mut reader = TableReader::new(sink, query.scope.one());
    let outcome = visit(cluster, query, Representation::Table, &mut reader).await;
    match reader.failed {
        Some(error) => Err(error),
        None => Ok(Outcome { rows: reader.rows, ..outcome }),
    }
}

/// Reads answers, whole or in pieces.
pub(super) trait Reader {
    /// Takes the answer to a GET of one pod.
    async fn one(&mut self, answer: PodsAnswer) -> Result<()>;

    /// Takes one page of a list; returns what the server says of it.
    async fn page(&mut self, answer: PodsAnswer) -> Result<ListMeta>;
}

/// Sends the requests that make up `query` and gives the answers to `reader`. Returns what went wrong;
/// counting rows is the reader's.
pub(super) async fn visit(
    cluster: &Cluster,
    query: &Query,
    representation: Representation,
    reader: &mut impl Reader,
) -> Outcome {
    let mut outcome = Outcome::default();
    if query.names.is_empty() {
        match pages(cluster, query, representation, reader).await {
            Ok(meta) => outcome.came_whole(query.scope.one(), meta.version()),
            Err(error) => outcome.note(error, query.ignore_not_found),
        }
        return outcome;
    }
    for name in &query.names {
        let request = query.for_name(name, representation);
        if let Err(error) = one(cluster, &request, reader).await {
            outcome.note(error, query.ignore_not_found);
        }
        if outcome.unreachable {
            break;
        }
    }
    outcome
}

impl Outcome {
    pub(super) fn note(&mut self, error: GetError, ignore_not_found: bool) {
        if ignore_not_found && matches!(error, GetError::NotFound(_)) {
            return;
        }
        self.unreachable = matches!(error, GetError::Unreachable(_));
        self.errors.push(error.into());
    }

    /// The list of `namespace`, or of all namespaces, came whole and is of `version`, if the server says so.
    pub(super) fn came_whole(&mut self, namespace: Option<&str>, version: Option<String>) {
        let namespace = namespace.map(str::to_owned);
        self.versions.extend(version.map(|version| ListVersion { namespace, version }));
    }

    /// The outcome of lists that are read one after the other, as far as the server can be asked.
    pub(super) fn of_all(lists: Vec<Self>) -> Self {
        let mut all = Self::default();
        for list in lists {
            all.versions.extend(list.versions);
            all.rows += list.rows;
            all.errors.extend(list.errors);
            all.unreachable |= list.unreachable;
        }
        all
    }
}

async fn one(
    cluster: &Cluster,
    request: &PodsRequest<'_>,
    reader: &mut impl Reader,
) -> Result<(), GetError> {
    let answer = cluster.get_pods(request).await?;
    reader.one(answer).await.map_err(GetError::Unreachable)
}

async fn pages(
    cluster: &Cluster,
    query: &Query,
    representation: Representation,
    reader: &mut impl Reader,
) -> Result<ListMeta, GetError> {
    let mut token: Option<String> = None;
    loop {
        let answer = cluster.get_pods(&query.for_page(token.as_deref(), representation)).await?;
        let meta = reader.page(answer).await.map_err(GetError::Unreachable)?;
        if meta.is_last() {
            return Ok(meta);
        }
        token = Some(meta.r#continue);
    }
}

/// What a server says of a list or a page of it (`ListMeta` of `k8s.io/apimachinery/pkg/apis/meta/v1`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ListMeta {
    /// Token of the next page; empty: there is none.
    pub r#continue: String,
    /// How many objects the further pages have; the server may leave it out.
    pub remaining_item_count: usize,
    /// The state of the cluster that the list shows.
    pub resource_version: String,
}

impl ListMeta {
    pub(super) fn version(self) -> Option<String> {
        Some(self.resource_version).filter(|version| !version.is_empty())
    }

    pub(super) fn is_last(&self) -> bool {
        self.r#continue.is_empty()
    }
}

/// Gives the pieces of a list to `take` while they arrive; returns what the server says of it.
pub(super) async fn cut(
    mut answer: PodsAnswer,
    array: &'static str,
    mut take: impl FnMut(Piece<'_>) -> Result<()>,
) -> Result<ListMeta> {
    let mut splitter = Splitter::new(array);
    let mut meta = ListMeta::default();
    while let Some(bytes) = answer.chunk().await? {
        splitter.feed(&bytes, |piece| match piece {
            Piece::Field("metadata", text) => {
                meta = serde_json::from_slice(text).context("cannot read the list's metadata")?;
                Ok(())
            }
            piece => take(piece),
        })?;
    }
    if !splitter.is_complete() {
        bail!("the server's answer ended in the middle");
    }
    Ok(meta)
}

const NO_TABLE: &str = "the server did not answer with a table of pods";

/// Reads Tables. An error of the sink is kept apart from errors of the server: the first ends
/// everything, the second only the page.
pub(super) struct TableReader<'s> {
    sink: &'s mut dyn Sink,
    namespace: Option<&'s str>,
    columns: Vec<ColumnDefinition>,
    rows: usize,
    pub(super) failed: Option<anyhow::Error>,
}

impl Reader for TableReader<'_> {
    async fn one(&mut self, answer: PodsAnswer) -> Result<()> {
        self.page(answer).await.map(|_| ())
    }

    async fn page(&mut self, answer: PodsAnswer) -> Result<ListMeta> {
        let mut is_table = false;
        let meta = cut(answer, "rows", |piece| match piece {
            Piece::Field("kind", text) => {
                is_table = text == br#""Table""#;
                ensure!(is_table, NO_TABLE);
                Ok(())
            }
            Piece::Field("columnDefinitions", text) => self.define(text),
            Piece::Field(..) => Ok(()),
            Piece::Element(text) => self.row(text),
        })
        .await?;
        ensure!(is_table, NO_TABLE);
        Ok(meta)
    }
}

impl<'s> TableReader<'s> {
    /// For rows of this namespace, if they are all of one.
    pub(super) fn new(sink: &'s mut dyn Sink, namespace: Option<&'s str>) -> Self {
        Self { sink, namespace, columns: Vec::new(), rows: 0, failed: None }
    }

    fn define(&mut self, text: &[u8]) -> Result<()> {
        self.columns = serde_json::from_slice(text)
            .context("cannot read the columns of the server's table")?;
        let result = self.sink.columns(&self.columns);
        self.keep(result)
    }

    fn row(&mut self, text: &[u8]) -> Result<()> {
        if self.columns.is_empty() {
            bail!("the server's table has rows without columns");
        }
        let row = Row { namespace: self.namespace, ..Row::parse(text)? };
        self.rows += 1;
        let result = self.sink.row(Change::Listed, row);
        self.keep(result)
    }

    fn keep(&mut self, result: Result<()>) -> Result<()> {
        result.map_err(|error| {
            self.failed = Some(error);
            anyhow::anyhow!("stopped")
        })
    }
}

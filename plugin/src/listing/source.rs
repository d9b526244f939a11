//! Where pods come from: a cluster, or a saved list.

use anyhow::Result;

use cluster::{Cluster, ConnectionOptions};
use table::columns::Need;

use super::{Outcome, Query, SavedList, Scope, Sink, everywhere, fetch, objects};
use crate::{cli::GetArgs, output};

/// Where pods come from.
pub enum PodSource {
    /// An API server.
    Cluster(Box<Cluster>),
    /// `-f`.
    Saved(SavedList),
}

impl PodSource {
    /// Opens what the arguments mean, and says what to ask it: everything but how much of each pod.
    ///
    /// # Errors
    ///
    /// When there is no usable kubeconfig, or the saved list cannot be read.
    pub async fn open(connection: &ConnectionOptions, args: &GetArgs) -> Result<(Self, Query)> {
        let mut query = Query {
            scope: Scope::All,
            names: args.names.clone(),
            label_selector: args.selector().map(str::to_owned),
            field_selector: args.field_selector().map(str::to_owned),
            chunk_size: args.chunk_size,
            need: Need::Cells,
            ignore_not_found: args.ignore_not_found,
        };
        if let Some(file) = args.saved() {
            if !args.all_namespaces {
                let named = connection.namespace.as_deref().filter(|name| !name.is_empty());
                query.scope = named.map_or(Ok(Scope::All), Scope::parse)?;
            }
            return Ok((Self::Saved(SavedList::read(file).await?), query));
        }
        let cluster = Cluster::connect(connection, output::warning)?;
        if !args.all_namespaces {
            query.scope = Scope::parse(&cluster.namespace)?;
        }
        Ok((Self::Cluster(Box::new(cluster)), query))
    }

    /// Hands rows to `sink`, as they arrive, and tells it when they end.
    ///
    /// # Errors
    ///
    /// What `sink` returns, or when the saved list is none. What a server refuses is in
    /// [`Outcome::errors`].
    pub async fn rows(&self, query: &Query, sink: &mut dyn Sink) -> Result<Outcome> {
        let outcome = match self {
            Self::Cluster(cluster) if everywhere::suits(query) => {
                everywhere::fetch(cluster, query, sink).await?
            }
            Self::Cluster(cluster) => {
                let mut lists = Vec::new();
                for part in query.parts() {
                    lists.push(fetch(cluster, &part, sink).await?);
                    if lists.last().is_some_and(|list| list.unreachable) {
                        break;
                    }
                }
                Outcome::of_all(lists)
            }
            Self::Saved(list) => list.rows(query, sink)?,
        };
        sink.end(outcome.version.as_deref())?;
        Ok(outcome)
    }

    /// Hands whole pods to `take`, one at a time.
    pub(super) async fn objects(
        &self,
        query: &Query,
        take: &mut objects::Take<'_>,
    ) -> Result<Outcome> {
        match self {
            Self::Cluster(cluster) => {
                let mut lists = Vec::new();
                for part in query.parts() {
                    lists.push(objects::fetch(cluster, &part, take).await?);
                    if lists.last().is_some_and(|list| list.unreachable) {
                        break;
                    }
                }
                Ok(Outcome::of_all(lists))
            }
            Self::Saved(list) => list.objects(query, take),
        }
    }
}

//! Where pods come from: a cluster, or a saved list.

use anyhow::Result;

use cluster::{Cluster, ConnectionOptions};
use table::columns::Need;

use super::{Outcome, Query, SavedList, Scope, Sink, everywhere, fetch, objects};
use crate::{cli::GetArgs, output};

/// Where pods come from.
pub enum Source {
    /// An API server.
    Cluster(Box<Cluster>),
    /// `-f`.
    Saved(SavedList),
}

impl Source {
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
                let namespace = connection.namespace.clone().filter(|name| !name.is_empty());
                query.scope = namespace.map_or(Scope::All, Scope::One);
            }
            return Ok((Self::Saved(SavedList::read(file).await?), query));
        }
        let cluster = Cluster::connect(connection, output::warning)?;
        if !args.all_namespaces {
            query.scope = Scope::One(cluster.namespace.clone());
        }
        Ok((Self::Cluster(Box::new(cluster)), query))
    }

    /// Hands rows to `sink`, as they arrive.
    ///
    /// # Errors
    ///
    /// What `sink` returns, or when the saved list is none. What a server refuses is in
    /// [`Outcome::errors`].
    pub async fn rows(&self, query: &Query, sink: &mut dyn Sink) -> Result<Outcome> {
        match self {
            Self::Cluster(cluster) if everywhere::suits(query) => {
                everywhere::fetch(cluster, query, sink).await
            }
            Self::Cluster(cluster) => fetch(cluster, query, sink).await,
            Self::Saved(list) => list.rows(query, sink),
        }
    }

    /// Hands whole pods to `take`, one at a time.
    pub(super) async fn objects(
        &self,
        query: &Query,
        take: &mut objects::Take<'_>,
    ) -> Result<Outcome> {
        match self {
            Self::Cluster(cluster) => objects::fetch(cluster, query, take).await,
            Self::Saved(list) => list.objects(query, |pod| take(serde_json::from_str(pod.get())?)),
        }
    }
}

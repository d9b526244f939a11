//! `kubectl pods [get]`: arguments to query, streamed Table to rows, rows to a format.

use crate::{
    cli::{ConnectionArgs, GetArgs},
    exit::Exit,
};

/// Lists pods.
///
/// # Errors
///
/// When the cluster cannot be asked, or the output cannot be written.
pub async fn run(connection: &ConnectionArgs, _args: &GetArgs) -> anyhow::Result<Exit> {
    let cluster = crate::api::Cluster::connect(connection).await?;
    anyhow::bail!("listing in {} is not wired yet", cluster.namespace)
}

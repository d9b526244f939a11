//! What was typed goes to the verb that does it.

use cluster::ConnectionOptions;

use crate::{
    checking,
    cli::{Cli, Verb},
    exit::Exit,
    listing, monitor,
};

/// Does what was asked.
///
/// # Errors
///
/// When we could not do our work. What is wrong with a target is not an error: it is in the exit code.
pub async fn run(cli: &Cli) -> anyhow::Result<Exit> {
    let connection = &cli.connection;
    if !matches!(cli.verb, Verb::Get(_)) {
        one_namespace(connection)?;
    }
    match &cli.verb {
        Verb::Get(args) => listing::run(connection, args).await,
        Verb::Check(args) => checking::check(connection, args).await,
        Verb::Curl(args) => checking::curl(connection, args).await,
        Verb::Monitor(args) => monitor::run(connection, args).await,
    }
}

/// Only a list looks into several namespaces.
fn one_namespace(connection: &ConnectionOptions) -> anyhow::Result<()> {
    let namespace = connection.namespace.as_deref().unwrap_or_default();
    anyhow::ensure!(
        !namespace.contains(','),
        "--namespace {namespace:?} names several namespaces: only a list can show them together"
    );
    Ok(())
}

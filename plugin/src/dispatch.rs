//! What was typed goes to the verb that does it.

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
    match &cli.verb {
        Verb::Get(args) => listing::run(connection, args).await,
        Verb::Check(args) => checking::check(connection, args).await,
        Verb::Curl(args) => checking::curl(connection, args).await,
        Verb::Monitor(args) => monitor::run(connection, args).await,
    }
}

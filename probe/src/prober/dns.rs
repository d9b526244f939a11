//! What the resolver says about a name, and nothing more.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::failure::Failure;
use super::{Context, Prober, Trace};

/// Asks for the addresses of the host.
#[derive(Debug)]
pub(super) struct Dns;

impl Prober for Dns {
    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let Context { check, machine, connect_limit, .. } = context;
            let asking = machine.resolver.addresses(check, trace);
            let addresses =
                timeout(connect_limit, asking).await.unwrap_or(Err(Failure::TimedOut))?;
            let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            Ok(format!("is {}", all.join(", ")))
        }
        .boxed()
    }
}

//! `serve`: the standing probe until it is told to stop.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use kubectl_pods_report::Backend;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use probe::serve::{
    App, ConfigFile, echo, keep_checking, listen, listen_to_datagrams, serve as answer,
};

/// Time that open connections have to finish after the listener is closed.
const GRACE: Duration = Duration::from_secs(2);

/// Checks what `config` names and answers on `address`, as `who`, until `shutdown` completes.
pub(super) async fn serve(
    config: &Path,
    address: SocketAddr,
    who: Backend,
    shutdown: impl Future,
) -> anyhow::Result<()> {
    raise_file_limit();
    let app = Arc::new(App::new(&who.node).context("cannot set up metrics")?);
    let listener = listen(address).with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let datagrams = listen_to_datagrams(address)
        .with_context(|| format!("cannot take datagrams on {address}"))?;
    let _ = writeln!(io::stderr(), "listening on {address}");
    tokio::select! {
        () = answer(listener, Arc::clone(&app), shutdown, GRACE) => Ok(()),
        () = echo(datagrams, who) => Ok(()), // Never: it does not return.
        Err(error) = keep_checking(app, ConfigFile::new(config)) => {
            Err(error).with_context(|| format!("configuration {}", config.display()))
        }
    }
}

/// Every attempt takes two descriptors; the usual limit of 1024 is for programs that use `select`. Best effort.
fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(16_384), hard);
    }
}

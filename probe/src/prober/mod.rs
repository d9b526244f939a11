//! Ways of asking a target, one file each, behind one trait.
//!
//! A new protocol is a file beside [`tcp`], [`mod@http`], [`grpc`], [`udp`], [`dns`] and [`ping`] with its [`Prober`], and a line in [`of`]; on the
//! wire it is a variant of [`Ask`], with fields of its own in [`kubectl_pods_report::Details`] if it learns what others do not. [`attempt`]
//! runs any prober within its limits, and [`observe`] makes an observation of what it left.

mod attempt;
mod dns;
mod failure;
mod grpc;
mod http;
mod icmp;
mod machine;
mod observe;
mod observed;
mod ping;
mod resolve;
mod tcp;
mod tls;
mod trace;
mod udp;

use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kubectl_pods_report::{Ask, Check, Hop};
use rustls::RootCertStore;
use tokio::sync::mpsc;

#[cfg(feature = "serve")]
pub(crate) use attempt::{Round, unix_seconds};
use failure::Failure;
use http::Head;
pub(crate) use machine::Machine;
pub use resolve::is_metadata;
pub(crate) use tls::read_pem;
use trace::{Stage, Trace};

/// One way of asking a target.
trait Prober: Debug + Send + Sync {
    /// Reads now what attempts will need of this machine's files, so that none has to wait for it.
    fn prepare(&self, _machine: &Machine) {}

    /// Asks once. Whatever is learnt goes into `trace` at once, for a time limit may drop the future at any await. Returns
    /// what answered, as the begin of a sentence for people.
    fn ask<'a>(
        &'a self,
        context: Context<'a>,
        trace: &'a mut Trace,
    ) -> BoxFuture<'a, Result<String, Failure>>;

    /// After `failure`: looks in another way for what may be behind it. What it finds goes into `trace`; the failure stands,
    /// and so does the time that it took.
    fn look_closer<'a>(
        &'a self,
        _context: Context<'a>,
        _failure: &'a Failure,
        _trace: &'a mut Trace,
    ) -> BoxFuture<'a, ()> {
        futures_util::future::ready(()).boxed()
    }
}

/// What a prober is given for one attempt.
#[derive(Clone, Copy)]
struct Context<'a> {
    /// What to ask, and where.
    check: &'a Check,
    /// The one address of the host to ask; the first when absent.
    only: Option<IpAddr>,
    /// Limit for name resolution and connection together.
    connect_limit: Duration,
    /// What this machine knows and trusts.
    machine: &'a Machine,
    /// Where pieces of an answer go that is to be returned.
    answer: &'a mpsc::Sender<Piece>,
}

/// A part of an answer that is to be returned.
pub(crate) enum Piece {
    /// Its head, first.
    Head(Head),
    /// The next of its body, in pieces that fit into a line of a log.
    Body(Bytes),
    /// The request that it was the answer to, when that is over.
    Hop(Box<Hop>),
}

/// A check with what carries it out.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) check: Check,
    prober: Arc<dyn Prober>,
}

impl Prepared {
    /// Makes sure that `check` is possible. Over TLS it will trust `roots`, if they are given, instead of what its machine does.
    ///
    /// # Errors
    ///
    /// What makes it impossible, in words.
    pub(crate) fn new(check: &Check, roots: Option<&Arc<RootCertStore>>) -> Result<Self, String> {
        Ok(Self { check: check.clone(), prober: of(check, roots)? })
    }
}

/// The prober that does what `check` asks: the one line for each protocol.
fn of(check: &Check, roots: Option<&Arc<RootCertStore>>) -> Result<Arc<dyn Prober>, String> {
    Ok(match &check.ask {
        Ask::Tcp { port } => Arc::new(tcp::Tcp { port: *port }),
        Ask::Http { port, tls, request } => {
            let tls = tls.clone().map(|tls| tls::Client::new(tls, roots.cloned()));
            Arc::new(http::Http::new(&check.host, *port, tls, roots.cloned(), request)?)
        }
        Ask::Grpc { port, service } => Arc::new(grpc::Grpc::new(&check.host, *port, service)?),
        Ask::Udp { port } => Arc::new(udp::Udp { port: *port }),
        Ask::Dns => Arc::new(dns::Dns),
        Ask::Icmp => Arc::new(ping::Ping),
    })
}

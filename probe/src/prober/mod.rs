//! One attempt at one check: resolve, connect, perhaps TLS, perhaps HTTP, one file each.
//!
//! The steps write what they learn into a [`Trace`], so that a time-out in the middle loses nothing; what they
//! return is only whether all went well. `verdict` turns trace and failure into an answer.

mod failure;
mod head;
mod http;
mod icmp;
mod observed;
mod resolve;
mod search;
mod tcp;
mod tls;
mod verdict;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kubectl_pods_report::{Attempt, Check, Evidence, Phases, Protocol, TcpInfo};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::evidence::{Witness, is_own_address};
use crate::plan::CheckedCheck;
use crate::starvation::Watch;
use crate::text::printable;
use failure::Failure;
pub(crate) use http::Piece;
use resolve::Resolver;
use tls::Trust;

/// Carries out attempts. Holds what they share.
pub(crate) struct Prober {
    resolver: Resolver,
    trust: Trust,
    pub(crate) watch: Watch,
}

/// Where an attempt was when it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Resolve,
    Connect,
    Tls,
    /// Request written, answer awaited.
    Processing,
    /// Answer begun.
    Transfer,
}

/// What an attempt has learnt so far.
#[derive(Default)]
struct Trace {
    stage: Stage,
    address: Option<SocketAddr>,
    phases: Phases,
    http_status: Option<u16>,
    body_bytes: u64,
    /// Body bytes were left out on purpose.
    truncated: bool,
    witness: Option<Witness>,
    evidence: Evidence,
    /// The ICMP error in the evidence was sent by an address of our own.
    icmp_is_own: bool,
}

/// An attempt, and whether the body that was sent on is incomplete because the plan limits it.
pub(crate) struct Finished {
    pub(crate) attempt: Attempt,
    pub(crate) truncated: bool,
}

impl Prober {
    /// A prober that resolves and trusts as this machine's files say: `/etc/resolv.conf`, `/etc/hosts`, and the roots that
    /// [`tls`] names. They are read when they are first needed.
    pub(crate) fn new() -> Self {
        Self { resolver: Resolver::of_this_machine(), trust: Trust::default(), watch: Watch::new() }
    }

    /// Reads now what attempts at `checks` will need, so that none has to wait for it.
    pub(crate) fn prepare(&self, checks: &[CheckedCheck]) {
        for CheckedCheck { check, .. } in checks {
            self.resolver.prepare(&check.host);
            self.trust.prepare(check);
        }
    }

    /// Tries `check`, which is number `index` of its plan, once. Pieces of an answer that is to be returned go to `answer`.
    pub(crate) async fn attempt(
        &self,
        index: u32,
        checked: &CheckedCheck,
        answer: &mpsc::Sender<Piece>,
    ) -> Finished {
        let check = &checked.check;
        let limit = Duration::from_secs_f64(check.timeout_seconds);
        let started_seconds = unix_seconds();
        let begun = Instant::now();
        let window = self.watch.open();
        let mut trace = Trace::default();
        let result = match timeout(limit, self.steps(checked, answer, &mut trace)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut),
        };
        let total = begun.elapsed();
        trace.evidence.starvation = Some(window.close());
        trace.question_the_kernel(result.as_ref().err());
        let (verdict, message) = verdict::judge(check, &trace, result, total);
        let Trace { address, phases, http_status, body_bytes, truncated, evidence, .. } = trace;
        let attempt = Attempt {
            target: check.target.clone(),
            check: index,
            address,
            verdict,
            message: printable(&message),
            started_seconds,
            total_seconds: total.as_secs_f64(),
            phases,
            http_status,
            body_bytes,
            evidence,
        };
        Finished { attempt, truncated }
    }

    async fn steps(
        &self,
        checked: &CheckedCheck,
        answer: &mpsc::Sender<Piece>,
        trace: &mut Trace,
    ) -> Result<(), Failure> {
        let check = &checked.check;
        let limit = Duration::from_secs_f64(check.connect_timeout_seconds);
        let stream =
            timeout(limit, self.connect(check, trace)).await.map_err(|_| Failure::TimedOut)??;
        match check.protocol {
            Protocol::Tcp => Ok(()),
            Protocol::Http => http::exchange(stream, checked, answer, trace).await,
            Protocol::Https => {
                let stream = tls::handshake(stream, check, &self.trust, trace).await?;
                http::exchange(stream, checked, answer, trace).await
            }
        }
    }

    async fn connect(
        &self,
        check: &Check,
        trace: &mut Trace,
    ) -> Result<tokio::net::TcpStream, Failure> {
        let address = self.resolver.resolve(&check.host, trace).await?;
        tcp::connect(SocketAddr::new(address, check.port), trace).await
    }
}

impl Trace {
    /// Asks at the end of the attempt. The round-trip time stays that of the handshake: later ones hold the server's pauses.
    fn question_the_kernel(&mut self, failure: Option<&Failure>) {
        let Some(witness) = self.witness.take() else { return };
        let handshake = self.evidence.tcp_info;
        self.evidence.tcp_info = witness.tcp_info().map(|end| TcpInfo {
            rtt_seconds: handshake.map_or(end.rtt_seconds, |then| then.rtt_seconds),
            rttvar_seconds: handshake.map_or(end.rttvar_seconds, |then| then.rttvar_seconds),
            ..end
        });
        self.evidence.icmp = witness.icmp_error();
        self.evidence.errno = failure.and_then(Failure::errno);
        let sender = self.evidence.icmp.and_then(|icmp| icmp.sender);
        self.icmp_is_own = sender.is_some_and(is_own_address);
    }
}

/// Unix time now.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
